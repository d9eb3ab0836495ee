// The views of accounts and resources, which need the decoded data.

function unavailable() {
  const text =
    document.getElementById("data").textContent === ""
      ? "This snapshot is too large for pages of accounts and resources in a file. Use rollcall snapshot access instead."
      : "One moment: the data is being decoded.";
  return [element("h1", { tabindex: "-1" }, "Not here"), note(text)];
}

function unknown(id) {
  return [
    element("h1", { tabindex: "-1" }, "Not in this snapshot"),
    note("This snapshot does not have ", isolated(id), "."),
    element("p", {}, element("a", { href: "#/" }, "Back to the overview")),
  ];
}

function statusBadge({ status, details }) {
  if (!status) return null;
  const text = details ? [status + ": ", isolated(details)] : status;
  return badge(text, status === "enabled" ? "good" : "warn");
}

function privilegedBadge(entitlement) {
  return (
    entitlement.privileged && [
      " ",
      element("span", { class: "badge warn", title: entitlement.privileged }, "privileged"),
    ]
  );
}

/** The way of a path, without the account at its beginning and the entitlement at its end. */
function via(path) {
  return path.slice(0, -1).map((number, n) => {
    const { resource, short } = model.entitlements[number];
    return [n > 0 && " › ", linkTo(resource), " ", remark(isolated("(" + short + ")"))];
  });
}

function untilBadge(end) {
  return end && [" ", element("span", { class: "badge warn" }, "until ", time(end))];
}

/** One path, with the ids of its entitlements for other programs. */
function pathLine(path, principal) {
  const ids = path.map((number) => model.entitlements[number].id);
  const how = path.length === 1 ? ["Direct"] : ["Through ", via(path)];
  return element(
    "span",
    { class: "path", "data-via": JSON.stringify(ids) },
    how,
    untilBadge(endOf(path[0], principal)),
  );
}

function pathLines({ paths, hasMore }, principal) {
  if (paths.length === 0) return "Inherited; the snapshot does not say from what";
  const lines = paths.map((path) => pathLine(path, principal));
  const rest = lines.splice(3);
  const more = hasMore && element("span", { class: "path muted" }, "and further paths");
  if (rest.length === 0) return [...lines, more];
  return [...lines, element("details", {}, element("summary", {}, counted(rest.length, "further path")), rest, more)];
}

/** What a principal holds. */
function accessCard(principal, title, explanation) {
  const nodes = nodesOf(principal.number);
  const items = [...nodes].map(([number, node]) => ({
    entitlement: model.entitlements[number],
    number,
    isDirect: node.isDirect,
  }));
  items.sort(
    (a, b) =>
      compare(a.entitlement.resource.type.name, b.entitlement.resource.type.name) ||
      compare(a.entitlement.resource.name, b.entitlement.resource.name) ||
      compare(a.entitlement.name, b.entitlement.name),
  );
  const columns = [
    {
      title: "On",
      cell: ({ entitlement: { resource } }) => [linkTo(resource), remarkLine(isolated(resource.type.name))],
      key: ({ entitlement }) => entitlement.resource.name || entitlement.resource.id,
    },
    {
      title: "Entitlement",
      cell: ({ entitlement }) => [
        element("span", { "data-entitlement": entitlement.id }, isolated(entitlement.name)),
        privilegedBadge(entitlement),
      ],
      key: ({ entitlement }) => entitlement.name,
    },
    {
      title: "How",
      cell: ({ number }) => pathLines(pathsTo(nodes, number), principal.number),
      key: ({ isDirect }) => (isDirect ? "direct" : "inherited"),
    },
  ];
  const direct = items.filter((item) => item.isDirect).length;
  const count =
    counted(items.length, "entitlement") +
    ": " +
    number(direct) +
    " direct, " +
    number(items.length - direct) +
    " inherited.";
  return card(
    title,
    note(explanation, " ", count),
    items.length > 0 &&
      filtered(
        items,
        ({ entitlement }) => [entitlement.name, entitlement.id, entitlement.resource.name].join("\n"),
        (shown) => table(title, columns, shown, { first: 200 }),
      ),
  );
}

/** A list with a field that filters it, if it is long. */
function filtered(items, textOf, show) {
  const place = element("div", {}, show(items));
  if (items.length < 15) return place;
  const input = element("input", { type: "search", "aria-label": "Filter this list", placeholder: "Filter this list" });
  const left = element("span", { class: "muted small", role: "status" });
  const texts = items.map((item) => textOf(item).toLowerCase());
  input.addEventListener("input", () => {
    const words = wordsOf(input.value);
    const shown = items.filter((_, n) => words.every((word) => texts[n].includes(word)));
    left.textContent = words.length > 0 ? number(shown.length) + " of " + number(items.length) : "";
    place.replaceChildren(...show(shown));
  });
  return [element("div", { class: "filter" }, input, left), place];
}

function heading(resource, label) {
  return [
    element("p", { class: "eyebrow" }, isolated(label)),
    element("h1", { tabindex: "-1" }, isolated(resource.name || resource.id)),
  ];
}

const ACCOUNTS = { human: "Person", service: "For programs", system: "Of the system" };
const NAMES_OF_FLAGS = new Map([
  [true, "On"],
  [false, "Off"],
]);

function resourceFacts(resource) {
  const parent = resource.parent === null ? null : model.resources[resource.parent];
  return facts(
    [
      ["E-mail", resource.emails.length > 0 && isolated(resource.emails.join(", "))],
      ["Login", resource.login && isolated(resource.login)],
      ["Kind of account", ACCOUNTS[resource.account]],
      ["Last sign-in", resource.lastLogin && time(resource.lastLogin)],
      ["Second factor", NAMES_OF_FLAGS.get(resource.mfa)],
      ["Part of", parent && linkTo(parent)],
      ["Id", isolated(resource.id)],
    ].filter(([, value]) => value),
  );
}

/** The address or login of an account, unless that is its name. */
function addressOf({ name, emails, login }) {
  const address = emails[0] ?? login;
  return address && address !== name && remarkLine(isolated(address));
}

function personPage(resource) {
  const disabled = resource.status && resource.status !== "enabled" && resource.held > 0;
  return [
    ...heading(resource, resource.type.name),
    element("div", { class: "badges" }, statusBadge(resource)),
    disabled &&
      element(
        "ul",
        { class: "notices" },
        notice("warn", "This account is " + resource.status + " and still holds access."),
      ),
    element(
      "section",
      { class: "card" },
      element("h2", { class: "visually-hidden" }, "The account"),
      resourceFacts(resource),
    ),
    accessCard(resource, "What it holds", "Everything that this account can do, and through what."),
    (resource.entitlements ?? []).map(holdersCard),
  ];
}

function resourcePage(resource) {
  const parts = model.parts.get(resource.number) ?? [];
  const list = element("ul", { class: "rows" });
  const part = (number) =>
    element("li", {}, linkTo(model.resources[number]), " ", remark(model.resources[number].type.name));
  return [
    ...heading(resource, resource.type.name),
    element(
      "div",
      { class: "badges" },
      resource.status !== "enabled" && statusBadge(resource),
      badge(counted(resource.reach, "account") + " with access"),
    ),
    element(
      "section",
      { class: "card" },
      element("h2", { class: "visually-hidden" }, "The resource"),
      resourceFacts(resource),
    ),
    (resource.entitlements ?? []).map(holdersCard),
    resource.held > 0 && accessCard(resource, "What it holds", "Its members may hold this too."),
    parts.length > 0 && card("What it contains", list, fill(list, parts, part, 20)),
  ];
}

/** Who holds an entitlement. */
function holdersCard(number_) {
  const entitlement = model.entitlements[number_];
  const holders = [...holdersOf(number_)].map(([principal, path]) => ({ principal: model.resources[principal], path }));
  holders.sort(
    (a, b) =>
      Number(b.principal.type.isAccount) - Number(a.principal.type.isAccount) ||
      compare(a.principal.name, b.principal.name),
  );
  const how = ({ principal, path }) => {
    if (path[0] === null) return "Inherited; the snapshot does not say from what";
    return path.length === 1
      ? ["Direct", untilBadge(endOf(path[0], principal.number))]
      : ["Through ", via(path), untilBadge(endOf(path[0], principal.number))];
  };
  const columns = [
    {
      title: "Who",
      cell: ({ principal }) => [linkTo(principal), addressOf(principal)],
      key: ({ principal }) => principal.name || principal.id,
    },
    {
      title: "Type",
      cell: ({ principal }) => [
        isolated(principal.type.name),
        principal.status && principal.status !== "enabled" && [" ", badge(principal.status, "warn")],
      ],
      key: ({ principal }) => principal.type.name,
    },
    { title: "How", cell: how, key: ({ path }) => (path.length === 1 ? "direct" : "inherited") },
  ];
  const title = element(
    "span",
    { "data-holders": entitlement.id },
    isolated(entitlement.name),
    privilegedBadge(entitlement),
  );
  const explanation =
    holders.length === 0
      ? "Nobody holds it."
      : "Held by " + counted(holders.length, "account or group", "accounts and groups") + ".";
  return card(
    title,
    note(explanation),
    holders.length > 0 &&
      filtered(
        holders,
        ({ principal }) => principal.text,
        (shown) => table("Who holds it", columns, shown, { first: 50 }),
      ),
  );
}

function listPage(title, explanation, items, columns, order) {
  return [
    element("h1", { tabindex: "-1" }, title),
    element("p", { class: "muted" }, explanation),
    element(
      "section",
      { class: "card" },
      element("h2", { class: "visually-hidden" }, title),
      filtered(
        items,
        (item) => item.text,
        (shown) => table(title, columns, shown, order),
      ),
    ),
  ];
}

function peoplePage() {
  const items = model.resources.filter((resource) => resource.type.isAccount);
  const hasLogins = items.some((person) => person.lastLogin);
  const columns = [
    { title: "Name", cell: (person) => [linkTo(person), addressOf(person)], key: (person) => person.name || person.id },
    {
      title: "Type",
      cell: (person) => [
        isolated(person.type.name),
        person.account && person.account !== "human" && [" ", badge(ACCOUNTS[person.account].toLowerCase())],
      ],
      key: (person) => person.type.name,
    },
    {
      title: "State",
      cell: (person) => (person.status === "enabled" ? "enabled" : statusBadge(person)),
      key: (person) => person.status ?? "",
    },
    hasLogins && {
      title: "Last sign-in",
      cell: (person) => person.lastLogin && day(person.lastLogin),
      key: (person) => person.lastLogin ?? "",
    },
    { title: "Entitlements held", isNumber: true, cell: (person) => number(person.held), key: (person) => person.held },
  ].filter(Boolean);
  return listPage("Accounts", counted(items.length, "account") + ", those that hold most first.", items, columns, {
    sorted: columns.length - 1,
    isDescending: true,
  });
}

function resourcesPage() {
  const items = model.resources.filter((resource) => !resource.type.isAccount);
  const columns = [
    {
      title: "Name",
      cell: (resource) => [
        linkTo(resource),
        resource.parent !== null && remarkLine("in ", isolated(model.resources[resource.parent].name)),
      ],
      key: (resource) => resource.name || resource.id,
    },
    { title: "Type", cell: (resource) => isolated(resource.type.name), key: (resource) => resource.type.name },
    {
      title: "Entitlements",
      isNumber: true,
      cell: (resource) => number(resource.entitlements?.length ?? 0),
      key: (resource) => resource.entitlements?.length ?? 0,
    },
    {
      title: "Accounts with access",
      isNumber: true,
      cell: (resource) => number(resource.reach),
      key: (resource) => resource.reach,
    },
  ];
  return listPage(
    "Resources",
    counted(items.length, "resource") + " other than accounts: groups, roles, and what access is given on.",
    items,
    columns,
    { sorted: 3, isDescending: true },
  );
}
