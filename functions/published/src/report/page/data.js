// The data: the summary is here at once, the rest once it is decoded.

const summary = JSON.parse(document.getElementById("summary").textContent);

/** The decoded data; null until then, and if this file does not have it. */
let model = null;

/** Decodes the data. */
async function decode() {
  const text = document.getElementById("data").textContent;
  if (text === "") return null;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return build(await new Response(stream).json());
}

/** The rows with names, and the indexes that the views need. */
function build({ types, resources, entitlements, counts, principals, edges, stated, ends }) {
  const built = {
    types: types.map(([id, name, isAccount]) => ({ id, name: name || id, isAccount })),
    resources: [],
    entitlements: [],
    numbers: new Map(),
    parts: new Map(),
    edgesFrom: new Map(),
    edgesTo: new Map(),
    statedFor: new Map(),
    statedOn: new Map(),
    ends: new Map(),
  };
  for (const row of resources) {
    const [kind, rest, name, status, details, emails, login, account, parent, lastLogin, mfa, held, reach] = row;
    const type = built.types[kind];
    const resource = {
      number: built.resources.length,
      kind,
      type,
      id: type.id + ":" + rest,
      name,
      status,
      details,
      emails,
      login,
      account,
      parent,
      lastLogin,
      mfa,
      held,
      reach,
    };
    // What a search looks into.
    resource.text = [name, ...emails, login, resource.id].join("\n").toLowerCase();
    built.numbers.set(resource.id, resource.number);
    built.resources.push(resource);
    if (parent !== null) push(built.parts, parent, resource.number);
  }
  entitlements.forEach(([on, rest, isWhole, name, slug, privileged], number) => {
    const resource = built.resources[on];
    const id = isWhole ? rest : resource.id + ":" + rest;
    built.entitlements.push({ number, id, resource, short: rest, name, slug, privileged });
    resource.entitlements ??= [];
    resource.entitlements.push(number);
  });
  indexGrants(built, counts, principals);
  for (const [from, to, shallow, kinds] of edges) {
    const edge = { from, to, isShallow: shallow === 1, kinds };
    push(built.edgesFrom, from, edge);
    push(built.edgesTo, to, edge);
  }
  for (const [entitlement, principal, sources] of stated) {
    push(built.statedFor, principal, { entitlement, sources });
    push(built.statedOn, entitlement, principal);
  }
  for (const [entitlement, principal, at] of ends) built.ends.set(entitlement + " " + principal, at);
  return built;
}

/** The stated grants twice: by entitlement, and by principal. */
function indexGrants(built, counts, differences) {
  const starts = new Uint32Array(counts.length + 1);
  const principals = new Uint32Array(differences.length);
  const firsts = new Uint32Array(built.resources.length + 1);
  let at = 0;
  counts.forEach((count, entitlement) => {
    let principal = 0;
    for (let n = 0; n < count; n += 1, at += 1) {
      principal = n === 0 ? differences[at] : principal + differences[at];
      principals[at] = principal;
      firsts[principal + 1] += 1;
    }
    starts[entitlement + 1] = at;
  });
  for (let n = 1; n < firsts.length; n += 1) firsts[n] += firsts[n - 1];
  const next = firsts.slice();
  const held = new Uint32Array(principals.length);
  for (let entitlement = 0; entitlement < counts.length; entitlement += 1) {
    for (let n = starts[entitlement]; n < starts[entitlement + 1]; n += 1) {
      held[next[principals[n]]] = entitlement;
      next[principals[n]] += 1;
    }
  }
  Object.assign(built, { starts, principals, firsts, held });
}

function push(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** The principals to whom the vendor states this entitlement. */
function directHolders(entitlement) {
  return model.principals.subarray(model.starts[entitlement], model.starts[entitlement + 1]);
}

/** The entitlements that the vendor states for this principal. */
function directEntitlements(principal) {
  return model.held.subarray(model.firsts[principal], model.firsts[principal + 1]);
}

/** When the stated grant of this entitlement to this principal ends. */
function endOf(entitlement, principal) {
  return model.ends.get(entitlement + " " + principal);
}
