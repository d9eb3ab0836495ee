// Elements. All texts of vendors are set as text, never as HTML, and isolated, so that marks of direction end with them.

/** An element with attributes and children; children that are empty are left out. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

function isolated(text) {
  return element("bdi", {}, text);
}

const numbers = new Intl.NumberFormat("en");
const times = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });

function number(count) {
  return numbers.format(count);
}

/** A count with its noun. */
function counted(count, noun, plural = noun + "s") {
  return number(count) + " " + (count === 1 ? noun : plural);
}

function time(text) {
  return element("time", { datetime: text }, times.format(new Date(text)).replace(" at ", ", ") + " UTC");
}

function day(text) {
  return element("time", { datetime: text }, days.format(new Date(text)));
}

function daysBetween(from, to) {
  return Math.floor((new Date(to) - new Date(from)) / 86_400_000);
}

function badge(text, tone = "") {
  return element("span", { class: ("badge " + tone).trim() }, text);
}

const accountKinds = new Set(summary.kinds.filter((kind) => kind.accounts).map((kind) => kind.id));

/** The route to the page of a resource. */
function routeTo(id) {
  const kind = id.split(":", 1)[0];
  return "#/" + (accountKinds.has(kind) ? "person" : "resource") + "/" + encodeURIComponent(id);
}

/** A link to the page of a resource; its id if it has no name. */
function link(id, name) {
  return element("a", { href: routeTo(id) }, isolated(name || id));
}

function linkTo(resource) {
  return link(resource.id, resource.name);
}

function card(title, ...children) {
  return element("section", { class: "card" }, element("h2", {}, title), ...children);
}

/** What kind of thing something is, or another remark beside it. */
function remark(...children) {
  return element("span", { class: "kind" }, ...children);
}

/** A remark on a line of its own. */
function remarkLine(...children) {
  return element("div", { class: "kind" }, ...children);
}

/** A line below a heading that explains it. */
function note(...children) {
  return element("p", { class: "muted small" }, ...children);
}

/** A region that scrolls sideways if it must, also by keys. */
function scrolling(label, child) {
  return element("div", { class: "scroll", role: "region", "aria-label": label, tabindex: "0" }, child);
}

/** What is still to be shown before the page is printed. */
let folded = [];

/** Adds what `make` returns for each item to `list`; after the first ones, a button shows the others. */
function fill(list, items, make, first) {
  list.append(...items.slice(0, first).map(make));
  if (items.length <= first) return [];
  const more = element("button", { type: "button", class: "more" }, "Show all " + number(items.length));
  const show = () => {
    const last = list.lastElementChild;
    list.append(...items.slice(first).map(make));
    more.remove();
    last.nextElementSibling?.querySelector("a, button")?.focus();
  };
  more.addEventListener("click", show);
  folded.push(show);
  return [more];
}

/** A list in bars: each item has an id, a name, a kind and a count. */
function bars(items, noun, plural) {
  if (items.length === 0) return note("Nobody and nothing.");
  const most = Math.max(...items.map((item) => item.count));
  const list = element("ul", { class: "bars" });
  list.append(
    ...items.map((item) => {
      const share = element("span", { class: "fill" });
      share.style.setProperty("--share", (100 * item.count) / most + "%");
      return element(
        "li",
        {},
        element("span", { class: "one-line" }, link(item.id, item.name), " ", remark(item.kind)),
        element("span", { class: "count" }, counted(item.count, noun, plural)),
        element("span", { class: "track", "aria-hidden": "true" }, share),
      );
    }),
  );
  return list;
}

/**
 * A table. A column has a title, a cell for each item, and, if the table can be sorted by it, a key. Items beyond the
 * first ones are shown by a button.
 */
function table(label, columns, items, { first = 100, sorted = -1, isDescending = false } = {}) {
  const head = element("tr");
  const body = element("tbody");
  const holder = element("div");
  let by = { column: sorted, isDescending };
  const show = () => {
    const { key } = columns[by.column] ?? {};
    const rows = key ? items.toSorted((a, b) => compare(key(a), key(b)) * (by.isDescending ? -1 : 1)) : items;
    head.replaceChildren(...columns.map(heading));
    body.replaceChildren();
    const row = (item) =>
      element(
        "tr",
        {},
        columns.map(({ cell, isNumber }) => element("td", { class: isNumber && "number" }, cell(item))),
      );
    holder.replaceChildren(...fill(body, rows, row, first));
  };
  const heading = ({ title, key, isNumber }, column) => {
    const order = by.isDescending ? "descending" : "ascending";
    const attributes = { scope: "col", class: isNumber && "number", "aria-sort": key && by.column === column && order };
    if (!key) return element("th", attributes, title);
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => {
      by = { column, isDescending: by.column === column ? !by.isDescending : Boolean(isNumber) };
      show();
      head.children[column].querySelector("button").focus();
    });
    return element("th", attributes, button);
  };
  show();
  return [scrolling(label, element("table", {}, element("thead", {}, head), body)), holder];
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true, sensitivity: "base" });
}

/** Facts with their labels; those without a value are left out. */
function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return element(
    "dl",
    { class: "facts" },
    known.map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, value))),
  );
}
