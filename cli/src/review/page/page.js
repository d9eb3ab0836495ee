"use strict";
// All texts of vendors are set as text, never as HTML.
const { id, columns, rows } = JSON.parse(document.getElementById("data").textContent);
const shown = columns.map((_, n) => n).filter((n) => columns[n] !== "row");
const decided = rows.map(() => ({ decision: "", date: "", comment: "" }));
const lines = [];
let current = 0;
let isSaved = true;

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The decision as `review apply` reads it. */
function decisionOf(one) {
  if (one.decision !== "date") return one.decision;
  return one.date ? "revoke on " + one.date : "";
}

/** A cell that no spreadsheet runs as a formula, as in the other columns. */
function harmless(text) {
  return text.replace(/(^|[;\t])(?=[=+\-@\t\r])/g, "$1'");
}

function csv() {
  const quote = (cell) => (/[",\r\n]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell);
  const all = rows.map((cells, n) => [...cells, decisionOf(decided[n]), harmless(decided[n].comment)]);
  return [[...columns, "decision", "comment"], ...all].map((cells) => cells.map(quote).join(",") + "\n").join("");
}

function refresh(n) {
  const { row, buttons, date } = lines[n];
  const decision = decisionOf(decided[n]);
  row.className = [decision.split(" ")[0], n === current ? "current" : ""].filter(Boolean).join(" ");
  for (const [name, button] of Object.entries(buttons)) {
    button.setAttribute("aria-pressed", String(decided[n].decision === name));
  }
  date.hidden = decided[n].decision !== "date";
  const left = decided.filter((one) => !decisionOf(one)).length;
  document.getElementById("left").textContent = left === 0 ? "all rows are decided" : "rows without a decision: " + left;
}

function decide(n, decision) {
  decided[n].decision = decision;
  isSaved = false;
  refresh(n);
  if (decision === "date") lines[n].date.focus();
}

function move(to) {
  if (to < 0 || to >= rows.length) return;
  const before = current;
  current = to;
  refresh(before);
  refresh(current);
  lines[current].row.scrollIntoView({ block: "nearest" });
}

function addRow(cells, n) {
  const row = element("tr");
  shown.forEach((column) => row.append(element("td", cells[column])));
  const buttons = {};
  const decision = element("td");
  decision.className = "decision";
  for (const [name, label] of [["keep", "Keep"], ["revoke", "Revoke"], ["date", "Revoke on"]]) {
    buttons[name] = element("button", label);
    buttons[name].type = "button";
    buttons[name].addEventListener("click", () => decide(n, name));
    decision.append(buttons[name], " ");
  }
  const date = element("input");
  date.type = "date";
  date.setAttribute("aria-label", "Day");
  date.addEventListener("change", () => { decided[n].date = date.value; isSaved = false; refresh(n); });
  const comment = element("input");
  comment.setAttribute("aria-label", "Comment");
  comment.addEventListener("input", () => { decided[n].comment = comment.value; isSaved = false; });
  decision.append(date);
  const last = element("td");
  last.append(comment);
  row.append(decision, last);
  row.addEventListener("click", () => move(n));
  lines.push({ row, buttons, date, comment });
  document.querySelector("tbody").append(row);
}

const keys = {
  k: () => { decide(current, "keep"); move(current + 1); },
  r: () => { decide(current, "revoke"); move(current + 1); },
  d: () => decide(current, "date"),
  u: () => decide(current, ""),
  c: () => lines[current].comment.focus(),
  ArrowDown: () => move(current + 1),
  ArrowUp: () => move(current - 1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) {
    if (event.key === "Enter" || event.key === "Escape") event.target.blur();
    return;
  }
  const action = keys[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.getElementById("download").addEventListener("click", () => {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = "review.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  isSaved = true;
});

window.addEventListener("beforeunload", (event) => { if (!isSaved) event.preventDefault(); });

document.getElementById("about").textContent = "Review " + id + ", rows: " + rows.length;
const header = element("tr");
shown.forEach((column) => header.append(element("th", columns[column].replaceAll("_", " "))));
header.append(element("th", "decision"), element("th", "comment"));
document.querySelector("thead").append(header);
rows.forEach(addRow);
rows.forEach((_, n) => refresh(n));
