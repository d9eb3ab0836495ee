"use strict";
// All texts of vendors are set as text, never as HTML.
// A row has, for each column, the place of its text among all texts.
const { id, columns, texts, rows } = JSON.parse(document.getElementById("data").textContent);
const decided = rows.map(() => ({ decision: "", date: "", comment: "" }));

/** How many rows are shown at a time: the page stays fast, however many there are. */
const SHOWN = 50;
const find = (name) => document.getElementById(name);
const body = document.querySelector("tbody");
const column = Object.fromEntries(columns.map((name, n) => [name, n]));
const cell = (n, name) => texts[rows[n][column[name]]];

/** The numbers of the rows that the filter lets through, and the place of the current one among them. */
let listed = [];
let current = 0;
/** What is on the screen of each row, by its number. */
let lines = new Map();
let isSaved = true;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// -- decisions

/** The decision as `review apply` reads it. */
function decisionOf(n) {
  const { decision, date } = decided[n];
  if (decision !== "date") return decision;
  return date ? "revoke on " + date : "";
}

/** The row of the account that each row belongs to, where revoking it deletes the account with all it holds. */
const accountRow = (() => {
  const name = (n) => rows[n][column.connection] + " " + rows[n][column.account];
  const accounts = new Map();
  rows.forEach((_, n) => {
    if (cell(n, "entitlement") === "" && cell(n, "done_by") === "rollcall") accounts.set(name(n), n);
  });
  return rows.map((_, n) => accounts.get(name(n)));
})();

function goesWithAccount(n) {
  const account = accountRow[n];
  return account !== undefined && account !== n && decisionOf(account).startsWith("revoke");
}

/** The day on which a decision takes access away, in the order of texts: "revoke" is at once, "keep" is never. */
const firstDay = (n) => (decisionOf(n) === "keep" ? "never" : decisionOf(n).slice("revoke on ".length));

/** Whether the account's deletion takes the grant before its own decision does; `review apply` refuses that. */
const contradictsAccount = (n) => goesWithAccount(n) && decisionOf(n) !== "" && firstDay(n) > firstDay(accountRow[n]);

const isOpen = (n) => (goesWithAccount(n) ? contradictsAccount(n) : decisionOf(n) === "");

/** A cell that no spreadsheet runs as a formula, as in the other columns. */
function harmless(text) {
  return text.replace(/(^|[;\t])(?=[=+\-@\t\r])/g, "$1'");
}

function csv() {
  const quote = (text) => (/[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
  const all = rows.map((places, n) => [...places.map((place) => texts[place]), decisionOf(n), harmless(decided[n].comment)]);
  // Without a byte order mark, spreadsheets take UTF-8 for an older encoding.
  return "\ufeff" + [[...columns, "decision", "comment"], ...all].map((cells) => cells.map(quote).join(",") + "\n").join("");
}

// -- which rows are listed

const choices = {
  "all rows": () => true,
  "rows to decide": isOpen,
  "rows to keep": (n) => decisionOf(n) === "keep",
  "rows to revoke": (n) => decisionOf(n).startsWith("revoke"),
  "rows with a flag": (n) => cell(n, "flags") !== "",
};
const lowercase = texts.map((text) => text.toLowerCase());

/** Lists the rows again: those that have all words of the filter. */
function list() {
  const words = find("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = words.map((word) => Uint8Array.from(lowercase, (text) => text.includes(word)));
  const isChosen = choices[find("which").value];
  listed = [];
  rows.forEach((places, n) => {
    for (const texts of found) {
      let has = 0;
      for (const place of places) has |= texts[place];
      if (!has) return;
    }
    if (isChosen(n)) listed.push(n);
  });
  current = 0;
  draw();
}

/** Draws the rows around the current one. */
function draw() {
  const first = current - (current % SHOWN);
  const visible = listed.slice(first, first + SHOWN);
  lines = new Map(visible.map((n) => [n, line(n)]));
  body.replaceChildren(...visible.map((n) => lines.get(n).row));
  visible.forEach(refresh);
  const none = rows.length ? "no such row" : "no rows";
  find("range").textContent = visible.length ? first + 1 + "–" + (first + visible.length) + " of " + listed.length : none;
  find("previous").disabled = first === 0;
  find("next").disabled = first + SHOWN >= listed.length;
  count();
}

function move(to) {
  if (to < 0 || to >= listed.length) return;
  const before = current;
  current = to;
  if (lines.has(listed[to])) {
    refresh(listed[before]);
    refresh(listed[to]);
  } else {
    draw();
  }
  lines.get(listed[to]).row.scrollIntoView({ block: "nearest" });
}

// -- one row

/** The texts of a cell: the first in normal size, none that is empty. */
function addCell(row, [first, ...others]) {
  const made = element("td");
  made.append(element("span", first), ...others.filter(Boolean).map((text) => element("small", text)));
  row.append(made);
  return made;
}

function line(n) {
  const row = element("tr");
  const get = (name) => cell(n, name);
  const labelled = (label, name) => get(name) && label + " " + get(name);
  addCell(row, [get("name") || get("account"), get("email"), get("kind") + ", " + get("connection"), get("account")]);
  const access = get("entitlement") === "" ? "The account itself" : get("entitlement_name") || get("entitlement");
  const path = get("path") === get("account") + " → " + get("entitlement") ? "" : get("path");
  addCell(row, [access, labelled("on", "resource"), get("entitlement"), ...path.split("; ")]);
  const doer = get("done_by") === "rollcall" ? "" : labelled("only others can revoke it:", "done_by");
  const facts = addCell(row, ["", labelled("seen since", "seen_since"), labelled("last login", "last_login"), doer]);
  facts.firstChild.replaceWith(...get("flags").split("; ").filter(Boolean).map((flag) => element("span", flag, "flag")));

  const decision = element("td");
  const choose = element("span", undefined, "buttons");
  const buttons = {};
  for (const [name, label] of [["keep", "Keep"], ["revoke", "Revoke"], ["date", "Revoke on"]]) {
    buttons[name] = element("button", label, name);
    buttons[name].type = "button";
    buttons[name].addEventListener("click", () => decide(n, decided[n].decision === name ? "" : name));
    choose.append(buttons[name]);
  }
  const field = (type, name, label) => {
    const input = element("input", undefined, name);
    input.type = type;
    input.setAttribute("aria-label", label);
    input.value = decided[n][name];
    input.addEventListener("input", () => { decided[n][name] = input.value; changed(n); });
    return input;
  };
  const date = field("date", "date", "Day");
  const comment = field("text", "comment", "Comment");
  comment.placeholder = "Comment";
  const note = element("small");
  choose.append(date);
  decision.append(choose, note, comment);
  row.append(decision);
  // Before the buttons' own listeners, which may ask for the current row.
  row.addEventListener("click", () => move(listed.indexOf(n)), true);
  return { row, buttons, date, comment, note };
}

function refresh(n) {
  const line = lines.get(n);
  if (!line) return;
  line.row.className = decisionOf(n).split(" ")[0];
  if (n === listed[current]) line.row.setAttribute("aria-current", "true");
  else line.row.removeAttribute("aria-current");
  for (const [name, button] of Object.entries(line.buttons)) {
    button.setAttribute("aria-pressed", String(decided[n].decision === name));
  }
  line.date.hidden = decided[n].decision !== "date";
  line.note.hidden = !goesWithAccount(n);
  line.note.className = contradictsAccount(n) ? "flag" : "";
  line.note.textContent = contradictsAccount(n) ? "contradicts: its account goes earlier, with all it holds" : "goes with the account";
}

function count() {
  const left = rows.reduce((sum, _, n) => sum + Number(isOpen(n)), 0);
  find("left").textContent = left === 0 ? "all rows are decided" : "to decide: " + left;
}

function changed(n) {
  isSaved = false;
  const isAccount = accountRow[n] === n;
  for (const other of isAccount ? lines.keys() : [n]) refresh(other);
  count();
}

function decide(n, decision) {
  decided[n].decision = decision;
  changed(n);
  if (decision === "date") lines.get(n).date.focus();
}

// -- keys and buttons

const keys = {
  k: (n) => { decide(n, "keep"); move(current + 1); },
  r: (n) => { decide(n, "revoke"); move(current + 1); },
  d: (n) => decide(n, "date"),
  u: (n) => decide(n, ""),
  c: (n) => lines.get(n).comment.focus(),
  ArrowDown: () => move(current + 1),
  ArrowUp: () => move(current - 1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Enter" || event.key === "Escape") event.target.blur();
    return;
  }
  // A key that is held down decides one row.
  if (event.repeat && !event.key.startsWith("Arrow")) return;
  const action = event.key === "/" ? () => find("filter").focus() : keys[event.key];
  if (!action || (listed.length === 0 && event.key !== "/")) return;
  event.preventDefault();
  action(listed[current]);
});

find("download").addEventListener("click", () => {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = "review.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  isSaved = true;
});

window.addEventListener("beforeunload", (event) => { if (!isSaved) event.preventDefault(); });

find("about").textContent = "Review " + id + ", rows: " + rows.length;
find("which").append(...Object.keys(choices).map((name) => element("option", name)));
find("filter").addEventListener("input", list);
find("which").addEventListener("change", list);
find("previous").addEventListener("click", () => move(current - (current % SHOWN) - SHOWN));
find("next").addEventListener("click", () => move(current - (current % SHOWN) + SHOWN));
list();
