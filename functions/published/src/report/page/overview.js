// The first view: how much there is, how complete it is, what changed, what to look at.

/** Whether the report was made from a store, which knows older snapshots and the ends of temporary grants. */
const hasStore = summary.ends !== null;
const WITHOUT_STORE = "Not known: this report is made from a file alone, without the store that has older snapshots.";

function overview() {
  const { counts } = summary;
  return [
    element("p", { class: "eyebrow" }, "Who has access to what"),
    element(
      "h1",
      { tabindex: "-1" },
      summary.connector ?? "Snapshot",
      summary.connection && summary.connection !== "default" && " / " + summary.connection,
    ),
    origin(),
    sentence(counts),
    element("ul", { class: "notices" }, notices()),
    tiles(counts),
    element("div", { class: "columns uneven" }, changesCard(), privilegedCard()),
    historyCard(),
    element(
      "div",
      { class: "columns" },
      card(
        "Who holds most",
        note("Accounts by the number of entitlements that they hold, inherited ones included."),
        bars(summary.most_holding, "entitlement"),
      ),
      card(
        "What is held most",
        note("Resources by the number of accounts that hold any entitlement of them."),
        bars(summary.most_held, "account"),
      ),
    ),
    endsCard(),
    element("div", { class: "columns uneven" }, completenessCard(), kindsCard()),
    wordsCard(),
  ];
}

function origin() {
  const at = summary.ended_at;
  const age = at ? daysBetween(at, Date.now()) : 0;
  return element(
    "p",
    { class: "muted" },
    summary.tenant && ["Tenant ", isolated(summary.tenant), " · "],
    "Snapshot of ",
    at ? time(at) : "an unknown time",
    age > 0 && ", " + counted(age, "day") + " ago",
  );
}

/** The page in one paragraph. */
function sentence(counts) {
  const strong = (text) => element("strong", {}, text);
  const { privileged, changes } = summary;
  const isSame = changes && changes.lines.length === 0 && changes.more === 0;
  const change = isSame
    ? " Nothing changed since the snapshot before."
    : changes && [
        " Since the snapshot before, ",
        strong(counted(changes.direct.created, "grant")),
        " ",
        changes.direct.created === 1 ? "was" : "were",
        " added and ",
        strong(number(changes.direct.deleted)),
        " removed.",
      ];
  const holders = [
    counted(counts.people, "person", "people"),
    counts.services > 0 && counted(counts.services, "account for programs", "accounts for programs"),
  ];
  return element(
    "p",
    { class: "lead" },
    strong(holders.filter(Boolean).join(" and ")),
    " and the groups and roles around them hold ",
    strong(counted(counts.grants, "grant")),
    " of ",
    strong(counted(counts.entitlements, "entitlement")),
    ". ",
    strong(counted(privileged.people + privileged.services, "account")),
    privileged.people + privileged.services === 1 ? " holds" : " hold",
    " privileged access.",
    change,
  );
}

/** Something to know, and what it means. */
function notice(tone, title, ...meaning) {
  return element(
    "li",
    { class: "notice " + tone },
    element("strong", {}, title),
    meaning.length > 0 && element("span", { class: "muted" }, " ", ...meaning),
  );
}

/** How far the page can be trusted. */
function notices() {
  const { completeness, dangling, sync_type: type } = summary;
  const found = [];
  if (completeness?.waiting) {
    const { ended_at: at, losses } = completeness.waiting;
    found.push(
      notice(
        "bad",
        ["A newer snapshot, of ", time(at), ", is held back after a sudden loss."],
        "It lacks much that the one before had: ",
        losses.join("; "),
        ". This report shows the last snapshot that was published.",
      ),
    );
  }
  if (completeness?.held) {
    found.push(
      notice(
        "bad",
        "This snapshot was held back when it was made.",
        "It lacks much that the one before had: ",
        completeness.held.losses.join("; "),
        ". It counts only if somebody has accepted it since.",
      ),
    );
  }
  if (type !== "full") found.push(notice("warn", "This snapshot is not of everything: its kind is “" + type + "”."));
  if (dangling > 0) {
    found.push(
      notice("warn", counted(dangling, "grant") + " cannot be shown: the snapshot lacks their account or entitlement."),
    );
  }
  if (!completeness) {
    found.push(
      notice(
        "warn",
        "This report is made from a file alone.",
        "Its manifest, which says how complete the snapshot is, was not beside it.",
      ),
    );
    return found;
  }
  const { warnings, blind_spots: blind, credential_expires_at: end } = completeness;
  const left = end && summary.ended_at ? daysBetween(summary.ended_at, end) : Infinity;
  if (left < 30) {
    found.push(
      notice(
        left < 0 ? "bad" : "warn",
        ["The key that reads this tenant ", left < 0 ? "ended on " : "ends on ", day(end), "."],
        "Without a new one, there are no further snapshots.",
      ),
    );
  }
  const gaps = [
    warnings.length > 0 && counted(warnings.length, "warning"),
    blind.length > 0 && counted(blind.length, "known blind spot"),
  ].filter(Boolean);
  const tone = warnings.length > 0 ? "warn" : "good";
  found.push(
    notice(
      tone,
      "Every list was read to its end" + (gaps.length > 0 ? ", with " + gaps.join(" and ") + "." : "."),
      ...(gaps.length > 0 ? ["They are listed below, under “How complete this is”."] : []),
    ),
  );
  return found;
}

function tiles(counts) {
  const { privileged, ends, history } = summary;
  const before = history.at(-2);
  const since = (now, was) => {
    if (!before) return "";
    if (now === was) return "as in the snapshot before";
    return (now > was ? "+" : "−") + number(Math.abs(now - was)) + " since the snapshot before";
  };
  const accounts = counts.people + counts.services;
  const last = history.at(-1);
  const tile = (label, figure, ...notes) =>
    element(
      "div",
      { class: "tile" },
      element("dt", {}, label),
      element("dd", { class: "figure" }, number(figure)),
      notes.filter(Boolean).map((text) => element("dd", { class: "note" }, text)),
    );
  return element(
    "dl",
    { class: "tiles" },
    tile(
      "Accounts",
      accounts,
      counted(counts.people, "person", "people") + ", " + number(counts.services) + " for programs",
      last && since(last.accounts, before?.accounts),
    ),
    tile(
      "Grants",
      counts.grants,
      number(counts.direct) + " given directly, " + number(counts.inherited) + " inherited",
      last && since(last.grants, before?.grants),
    ),
    tile(
      "Privileged accounts",
      privileged.people + privileged.services,
      counted(privileged.people, "person", "people") + ", " + number(privileged.services) + " for programs",
    ),
    tile("Disabled accounts", counts.disabled_holding, "that still hold entitlements"),
    ends && tile("Temporary grants", ends.all, "end by themselves"),
    tile("Resources", counts.resources, "accounts, groups, roles and what access is given on"),
  );
}

const SIGNS = { created: ["+", "Added"], deleted: ["−", "Removed"], changed: ["~", "Changed"] };
const OBJECTS = { resource_type: "Resource type", resource: "Resource", entitlement: "Entitlement", grant: "Grant" };

function changeLine({ object, change, is_direct: isDirect, subject, entitlement, on, fields }) {
  const [sign, word] = SIGNS[change];
  const verb = change === "deleted" ? "no longer holds" : "holds";
  const isShown = object === "grant" || (object === "resource" && change !== "deleted");
  const what = [
    isShown ? link(subject.id, subject.name) : isolated(subject.name || subject.id),
    object === "grant" && [" ", remark(verb), " ", isolated(entitlement)],
  ];
  const about = [
    object === "grant" ? ["on ", link(on.id, on.name)] : OBJECTS[object],
    !isDirect && " · inherited",
    fields.length > 0 && [" · changed: ", isolated(fields.join(", "))],
  ];
  return element(
    "li",
    {},
    element("span", { class: "sign " + change, "aria-hidden": "true" }, sign),
    element(
      "span",
      {},
      element("span", { class: "visually-hidden" }, word + ": "),
      element("span", { class: "clamp" }, what),
      remark(about),
    ),
  );
}

function changesCard() {
  const { changes } = summary;
  const title = "What changed since the snapshot before";
  if (!changes)
    return card(title, note(hasStore ? "There is no snapshot before this one to compare with." : WITHOUT_STORE));
  const rows = [
    ["Grants, direct", changes.direct],
    ["Grants, inherited", changes.inherited],
    ["Accounts, groups, resources", changes.resources],
    ["Entitlements", changes.entitlements],
  ];
  const count = (which) => ({
    title: { created: "Added", deleted: "Removed", changed: "Changed" }[which],
    isNumber: true,
    cell: ([, totals]) => number(totals[which]),
  });
  const list = element("ul", { class: "changes" });
  const more = fill(list, changes.lines, changeLine, 8);
  return card(
    title,
    note("Compared with ", changes.since ? time(changes.since) : changes.sync_id, "."),
    changes.lines.length === 0
      ? element("p", {}, "Nothing changed.")
      : [
          table(
            title,
            [{ title: "", cell: ([label]) => label }, ...["created", "deleted", "changed"].map(count)],
            rows,
          ),
          element("h3", {}, "In detail, direct grants first"),
          list,
        ],
    more,
    changes.more > 0 && note(counted(changes.more, "further change") + " not listed: see rollcall snapshot diff."),
  );
}

function privilegedCard() {
  const { privileged } = summary;
  const list = element("ul", { class: "rows" });
  const entitlement = ({ name, on, reason, accounts }) =>
    element(
      "li",
      {},
      isolated(name),
      " ",
      badge(counted(accounts, "account"), accounts > 0 ? "warn" : ""),
      remarkLine("on ", link(on.id, on.name), " · ", isolated(reason)),
    );
  const accounts = element("ul", { class: "rows" });
  const account = ({ id, name, kind, count }) =>
    element("li", {}, link(id, name), " ", remark(kind + " · " + counted(count, "privileged entitlement")));
  const all = privileged.people + privileged.services;
  const beyond = (shown, noun) =>
    shown.length < noun[0] && note("The first " + number(shown.length) + " of " + counted(...noun) + ".");
  const parts = [
    element("h3", {}, "Accounts that hold it"),
    accounts,
    fill(accounts, privileged.accounts, account, 6),
    beyond(privileged.accounts, [all, "account"]),
    element("h3", {}, "What it is"),
    list,
    fill(list, privileged.entitlements, entitlement, 6),
    beyond(privileged.entitlements, [privileged.all_entitlements, "entitlement"]),
  ];
  return card(
    "Privileged access",
    note(privileged.rule),
    privileged.entitlements.length === 0 ? note("No entitlement counts as privileged.") : parts,
  );
}

function historyCard() {
  const { history } = summary;
  const title = "Counts over the last snapshots";
  if (history.length < 2)
    return card(title, note(hasStore ? "A chart appears with the second snapshot of the connection." : WITHOUT_STORE));
  const charts = [...document.getElementById("charts").children].map((figure) => figure.cloneNode(true));
  const columns = [
    { title: "Snapshot", cell: (point) => time(point.at) },
    { title: "Accounts", isNumber: true, cell: (point) => number(point.accounts) },
    { title: "Grants", isNumber: true, cell: (point) => number(point.grants) },
  ];
  return card(
    title,
    element("div", { class: "columns" }, charts),
    element(
      "details",
      {},
      element("summary", {}, "The same numbers as a table"),
      table(title, columns, history.toReversed()),
    ),
  );
}

function endsCard() {
  const { ends } = summary;
  if (!ends || ends.all === 0) return null;
  const columns = [
    { title: "Account or group", cell: (end) => link(end.who.id, end.who.name) },
    { title: "Entitlement", cell: (end) => isolated(end.entitlement) },
    { title: "Ends", cell: (end) => time(end.at) },
  ];
  return card(
    "Temporary grants",
    note("The next " + number(ends.next.length) + " of " + number(ends.all) + ", the earliest end first."),
    table("Temporary grants", columns, ends.next, { first: 8 }),
  );
}

function completenessCard() {
  const { completeness } = summary;
  const title = "How complete this is";
  const run = [
    ["Sync", summary.sync_id],
    ["Began", summary.started_at && time(summary.started_at)],
    ["Ended", summary.ended_at && time(summary.ended_at)],
  ];
  if (!completeness) return card(title, note("Not known: the manifest was not beside the file."), facts(run));
  const {
    warnings,
    blind_spots: blind,
    stubs,
    credential_expires_at: end,
    requests,
    duration_ms: duration,
  } = completeness;
  const listed = (heading, none, items) => [
    element("h3", {}, heading),
    items.length === 0 ? note(none) : element("ul", { class: "rows" }, items),
  ];
  return card(
    title,
    facts([
      ...run,
      ["Took", counted(Math.max(1, Math.round(duration / 1000)), "second") + ", " + counted(requests, "request")],
      ["The key ends", end ? day(end) : "The vendor reports no end"],
      ["Known by their id alone", counted(stubs, "account or group", "accounts and groups")],
    ]),
    listed(
      "Warnings",
      "None.",
      warnings.map(({ code, message }) => element("li", {}, isolated(message), " ", remark(code))),
    ),
    listed(
      "Blind spots: what this connector does not read",
      "None.",
      blind.map((text) => element("li", {}, isolated(text))),
    ),
  );
}

function kindsCard() {
  const columns = [
    { title: "Type", cell: (kind) => [isolated(kind.name || kind.id), " ", remark(kind.id)], key: (kind) => kind.name },
    { title: "Resources", isNumber: true, cell: (kind) => number(kind.resources), key: (kind) => kind.resources },
    {
      title: "Entitlements",
      isNumber: true,
      cell: (kind) => number(kind.entitlements),
      key: (kind) => kind.entitlements,
    },
    { title: "Grants of them", isNumber: true, cell: (kind) => number(kind.grants), key: (kind) => kind.grants },
  ];
  return card(
    "By type",
    note("How many resources of each type there are, and how much access is given on them."),
    table("By type", columns, summary.kinds),
  );
}

function wordsCard() {
  const words = [
    ["Account", "A person's login at this product, or one for programs."],
    ["Resource", "Anything the product has: accounts, groups, roles, and the things that access is given on."],
    ["Entitlement", "A right on a resource, such as member of a group or write on a project."],
    [
      "Grant",
      "One account or group that holds one entitlement. Direct: the product states it. Inherited: a group or role gives it.",
    ],
  ];
  return card("What the words mean", facts(words));
}
