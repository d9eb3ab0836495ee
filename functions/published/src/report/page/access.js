// Who holds what, and on which paths: the same rules as those of `rollcall snapshot access`.

const MAX_PATHS = 16;
const MAX_TRIES = 4096;

function admits(kinds, kind) {
  return kinds.length === 0 || kinds.includes(kind);
}

/**
 * The entitlements of a principal: whether it holds each directly, and what each is derived from; `true` if only a direct
 * grant of that one counts.
 */
function nodesOf(principal) {
  const nodes = new Map();
  const queue = [];
  const reach = (entitlement) => {
    let node = nodes.get(entitlement);
    if (!node) {
      node = { isDirect: false, sources: new Map() };
      nodes.set(entitlement, node);
      queue.push(entitlement);
    }
    return node;
  };
  for (const entitlement of directEntitlements(principal)) reach(entitlement).isDirect = true;
  for (const { entitlement, sources } of model.statedFor.get(principal) ?? []) {
    for (const source of sources) reach(entitlement).sources.set(source, false);
  }
  const { kind } = model.resources[principal];
  // The queue grows while it is read.
  for (const held of queue) {
    const { isDirect } = nodes.get(held);
    for (const edge of model.edgesFrom.get(held) ?? []) {
      if ((edge.isShallow && !isDirect) || !admits(edge.kinds, kind)) continue;
      const { sources } = reach(edge.to);
      sources.set(held, (sources.get(held) ?? true) && edge.isShallow);
    }
  }
  return nodes;
}

/** The paths to an entitlement, shortest first, none of which has an entitlement twice; and whether there are more. */
function pathsTo(nodes, to) {
  const found = [];
  let tries = 0;
  const queue = [{ way: [to], mustEnd: false }];
  for (const { way, mustEnd } of queue) {
    const node = nodes.get(way.at(-1));
    if (!node) continue;
    if (found.length === MAX_PATHS || tries === MAX_TRIES) return { paths: found, hasMore: true };
    tries += 1;
    if (node.isDirect) found.push(way.toReversed());
    if (mustEnd) continue;
    const sources = [...node.sources].sort(([a], [b]) => a - b);
    for (const [source, isShallow] of sources) {
      if (!way.includes(source)) queue.push({ way: [...way, source], mustEnd: isShallow });
    }
  }
  return { paths: found, hasMore: false };
}

/** The principals that hold an entitlement, each with the shortest path to it; a path of one is a direct grant. */
function holdersOf(to) {
  const found = new Map();
  const seen = new Set();
  const queue = [{ path: [to], kinds: [], mustBeDirect: false }];
  for (const { path, kinds, mustBeDirect } of queue) {
    const held = path[0];
    const add = (principal, way) => {
      if (!found.has(principal) && admits(kinds, model.resources[principal].kind)) found.set(principal, way);
    };
    for (const principal of directHolders(held)) add(principal, path);
    if (mustBeDirect) continue;
    for (const principal of model.statedOn.get(held) ?? []) add(principal, [null, ...path]);
    for (const edge of model.edgesTo.get(held) ?? []) {
      const both = common(kinds, edge.kinds);
      const key = [edge.from, edge.isShallow, both].join(" ");
      if (both === null || seen.has(key)) continue;
      seen.add(key);
      queue.push({ path: [edge.from, ...path], kinds: both, mustBeDirect: edge.isShallow });
    }
  }
  return found;
}

/** The types that both lists admit, where an empty list admits all; null if there is none. */
function common(some, others) {
  if (some.length === 0) return others;
  if (others.length === 0) return some;
  const both = some.filter((kind) => others.includes(kind));
  return both.length === 0 ? null : both;
}
