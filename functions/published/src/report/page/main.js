// Routes, search, keys and printing.

/** What a route shows. */
function view(route) {
  const [, name, id] = route.match(/^#\/(\w*)(?:\/(.*))?$/) ?? ["", "", ""];
  if (!["person", "resource", "people", "resources"].includes(name))
    return { name: "overview", title: "Access report", content: overview() };
  if (!model) return { name, title: "Access report", content: unavailable() };
  if (name === "people") return { name, title: "Accounts", content: peoplePage() };
  if (name === "resources") return { name, title: "Resources", content: resourcesPage() };
  const wanted = decoded(id ?? "");
  const resource = model.resources[model.numbers.get(wanted)];
  if (!resource) return { name, title: "Not found", content: unknown(wanted) };
  const content = resource.type.isAccount ? personPage(resource) : resourcePage(resource);
  return { name: resource.type.isAccount ? "people" : "resources", title: resource.name || resource.id, content };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const main = document.getElementById("main");

function show({ isFirst = false } = {}) {
  folded = [];
  const { name, title, content } = view(location.hash);
  main.replaceChildren(...content.flat(Infinity).filter(Boolean));
  main.dataset.route = location.hash;
  const connection = [summary.connector, summary.connection].filter(Boolean).join(" / ");
  document.title = [title, connection].filter(Boolean).join(" – ");
  for (const entry of document.querySelectorAll("nav a")) {
    if (entry.dataset.view === name) entry.setAttribute("aria-current", "page");
    else entry.removeAttribute("aria-current");
  }
  if (isFirst) return;
  window.scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

// -- search

const SHOWN = 12;
const query = document.getElementById("query");
const results = document.getElementById("results");
let selected = -1;

function wordsOf(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** The best matches, and how many there are: names that begin with the text first, then those that hold or are held most. */
function search(text) {
  const words = wordsOf(text);
  if (words.length === 0) return { found: [], all: 0 };
  const start = words.join(" ");
  const rank = (resource) => (resource.text.startsWith(start) ? 0 : 1e9) - resource.held - resource.reach;
  const best = [];
  let all = 0;
  for (const resource of model.resources) {
    if (!words.every((word) => resource.text.includes(word))) continue;
    all += 1;
    const entry = { resource, rank: rank(resource) };
    if (best.length === SHOWN && entry.rank >= best.at(-1).rank) continue;
    best.push(entry);
    best.sort((a, b) => a.rank - b.rank);
    best.splice(SHOWN);
  }
  return { found: best.map((entry) => entry.resource), all };
}

function resultLine(resource, n) {
  const about = [
    resource.type.name,
    resource.emails[0] ?? resource.login,
    resource.status !== "enabled" && resource.status,
  ]
    .filter(Boolean)
    .join(" · ");
  const line = element(
    "div",
    { class: "result", role: "option", id: "result-" + n, "data-id": resource.id, "aria-selected": "false" },
    element("span", { class: "who" }, isolated(resource.name || resource.id)),
    element("span", { class: "about" }, isolated(about)),
  );
  // The field keeps the focus.
  line.addEventListener("mousedown", (event) => event.preventDefault());
  line.addEventListener("click", () => open(resource));
  return line;
}

function showResults() {
  performance.mark("search-begins");
  const text = query.value;
  if (text.trim() === "") return hideResults();
  const { found, all } = model ? search(text) : { found: [], all: 0 };
  const hint = !model
    ? unavailable()[1].textContent
    : all === 0
      ? "Nothing matches."
      : all > found.length
        ? number(found.length) + " of " + number(all) + ": go on typing to narrow it down."
        : "";
  results.replaceChildren(...found.map(resultLine), ...(hint ? [element("div", { class: "hint" }, hint)] : []));
  results.hidden = false;
  query.setAttribute("aria-expanded", "true");
  document.getElementById("status").textContent = counted(all, "result");
  select(found.length > 0 ? 0 : -1);
  performance.measure("search", "search-begins");
}

function hideResults() {
  results.hidden = true;
  results.replaceChildren();
  query.setAttribute("aria-expanded", "false");
  select(-1);
}

function select(n) {
  const lines = results.querySelectorAll(".result");
  lines[selected]?.setAttribute("aria-selected", "false");
  selected = lines.length === 0 ? -1 : (n + lines.length) % lines.length;
  if (selected < 0) return query.removeAttribute("aria-activedescendant");
  lines[selected].setAttribute("aria-selected", "true");
  lines[selected].scrollIntoView({ block: "nearest" });
  query.setAttribute("aria-activedescendant", lines[selected].id);
}

function open(resource) {
  query.value = "";
  hideResults();
  query.blur();
  location.hash = routeTo(resource.id);
}

const keys = {
  ArrowDown: () => select(selected + 1),
  ArrowUp: () => select(selected - 1),
  Enter: () => {
    const line = results.querySelectorAll(".result")[selected];
    if (line) open(model.resources[model.numbers.get(line.dataset.id)]);
  },
  Escape: () => {
    query.value = "";
    hideResults();
    query.blur();
  },
};

query.addEventListener("input", showResults);
query.addEventListener("focus", showResults);
query.addEventListener("blur", hideResults);
query.addEventListener("keydown", (event) => {
  const action = keys[event.key];
  if (!action || event.isComposing) return;
  event.preventDefault();
  action();
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  query.focus();
});

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

// -- printing: an account's page, or a resource's, in full

window.addEventListener("beforeprint", () => {
  if (!/^#\/(person|resource)\//.test(location.hash)) return;
  // What is shown may itself be folded.
  while (folded.length > 0) folded.pop()();
  for (const details of main.querySelectorAll("details")) details.open = true;
});

// -- begin

window.addEventListener("hashchange", () => {
  if (/^(#\/|#?$)/.test(location.hash)) show();
});
document
  .getElementById("footer")
  .append(
    "Made by Rollcall from sync ",
    summary.sync_id,
    ". This file contains all data that it shows, and loads nothing. Treat it like the access that it lists.",
  );
show({ isFirst: true });
performance.mark("first-view");
// After the first view is on the screen.
requestAnimationFrame(() =>
  setTimeout(async () => {
    model = await decode();
    document.documentElement.dataset.ready = String(model !== null);
    performance.mark("ready");
    if (location.hash.length > 2) show({ isFirst: true });
    if (document.activeElement === query) showResults();
  }),
);
