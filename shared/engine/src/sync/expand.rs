//! Grant expansion: who holds an entitlement through a group, a role, or a chain of them.
//!
//! An expandable grant of entitlement D to principal P, naming the entitlements S of P, is an edge S → D: every holder
//! of S holds D. The result is the smallest set of grants that is closed under all edges, with these rules:
//!
//! - A grant that the vendor stated is *direct*, whatever else leads to it; all others are derived and immutable.
//! - `sources` of a grant on D lists every S whose edge leads its holder there, each with whether the holder's grant on S
//!   is direct. A direct grant that is also reached lists D itself, as direct.
//! - A shallow edge applies only to direct grants; an edge with resource types, only to principals of those.
//! - Groups are holders like any other. An entitlement is never its own source.
//! - Within a cycle, edges apply until nothing changes. (The reference merges a cycle into one node and applies
//!   none inside it; that loses members.)
//! - An edge from an entitlement that does not exist is left out; one whose source is not on the grant's principal is an
//!   error.
//!
//! Destinations are visited in topological order of the strongly connected components; each is one merge of sorted
//! streams, so memory holds edges and never grants.

use std::collections::{BTreeMap, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use prost::Message;
use rollcall_connector::{Code, Error};
use rollcall_model::ResourceId;
use rollcall_model::encode::{GrantEncoder, append_sources, strip_sources};
use rollcall_model::proto::{
    Annotation, Grant, GrantExpandable, GrantImmutable, GrantSource, GrantSources,
};
use rollcall_snapshot::ScratchError;
use rollcall_snapshot::{GrantColumns, SnapshotWriter};
use rusqlite::{CachedStatement, Connection, Rows};

use super::sql::value;

/// The edges of a snapshot, entitlements interned.
#[derive(Default)]
pub(super) struct Edges {
    nodes: HashMap<String, u32>,
    edges: Vec<Edge>,
    types: Vec<Vec<String>>,
}

/// Every holder of `from` holds `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    to: u32,
    from: u32,
    shallow: bool,
    /// Which of [`Edges::types`]; the first is "all".
    types: u32,
}

/// The rows of one entitlement's grants: consecutive, in the order of their principals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub first: i64,
    pub last: i64,
}

impl Range {
    /// The range that `row` continues or begins.
    pub(super) fn with(range: Option<Self>, row: i64) -> Self {
        let first = range.map_or(row, |range| range.first);
        Self { first, last: row }
    }
}

/// An entitlement that an edge names.
struct Node {
    entitlement: String,
    /// `None`: the entitlement does not exist.
    resource: Option<ResourceId>,
    /// The rows of its grants, and whether they are direct: first those that the vendor stated, then one range per
    /// visit that derived some.
    rows: Vec<(Range, bool)>,
}

/// Finds an entitlement in the snapshot: its resource, and the rows of its grants. `None` if it does not exist.
pub(super) type Find<'a> = dyn Fn(&str) -> Result<Option<(ResourceId, Option<Range>)>, Error> + 'a;

impl Edges {
    pub(super) fn new() -> Self {
        Self { types: vec![Vec::new()], ..Self::default() }
    }

    /// Whether there is nothing to expand.
    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// Adds the edges of a grant of `entitlement` to `principal`.
    pub(super) fn add(
        &mut self,
        entitlement: &str,
        principal: (&str, &str),
        expansion: &[u8],
    ) -> Result<(), Error> {
        let expandable = GrantExpandable::decode(expansion).map_err(|e| {
            Error::internal(Code::UnreadableRecord, "an expansion cannot be read").with_source(e)
        })?;
        let own = format!("{}:{}:", principal.0, principal.1);
        let to = self.node(entitlement);
        let types = self.types(&expandable.resource_type_ids);
        for source in &expandable.entitlement_ids {
            if !source.starts_with(&own) {
                return Err(Error::internal(
                    Code::ForeignSource,
                    format!(
                        "the grant of {entitlement} to {own} expands from {source}, which is not on that principal"
                    ),
                ));
            }
            let from = self.node(source);
            if from != to {
                let shallow = expandable.shallow;
                self.edges.push(Edge { to, from, shallow, types });
            }
        }
        Ok(())
    }

    fn node(&mut self, entitlement: &str) -> u32 {
        if let Some(node) = self.nodes.get(entitlement) {
            return *node;
        }
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.insert(entitlement.to_owned(), next);
        next
    }

    fn types(&mut self, wanted: &[String]) -> u32 {
        let known = self.types.iter().position(|known| known == wanted);
        let at = known.unwrap_or_else(|| {
            self.types.push(wanted.to_vec());
            self.types.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }
}

/// The result of expansion.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Expanded {
    /// Grants that were added.
    pub added: u64,
    /// Edges from entitlements that do not exist.
    pub left_out: u64,
}

/// Adds to the snapshot all grants that its expandable ones imply.
pub(super) fn expand(
    writer: &mut SnapshotWriter,
    mut edges: Edges,
    find: &Find<'_>,
) -> Result<Expanded, Error> {
    let mut names: Vec<(String, u32)> = edges.nodes.drain().collect();
    names.sort_by_key(|(_, node)| *node);
    let mut nodes = Vec::with_capacity(names.len());
    for (entitlement, _) in names {
        let (resource, stated) = find(&entitlement)?.unzip();
        let rows = stated.flatten().map(|range| (range, true));
        nodes.push(Node { entitlement, resource, rows: rows.into_iter().collect() });
    }
    let all = edges.edges.len();
    let exists = |node: u32| nodes[node as usize].resource.is_some();
    edges.edges.retain(|e| exists(e.to) && exists(e.from));
    let left_out = (all - edges.edges.len()) as u64;
    edges.edges.sort();
    edges.edges.dedup();

    let mut expansion = Expansion { writer, edges: &edges, added: 0 };
    for component in order(&edges, &nodes) {
        // Outside a cycle one visit is enough; inside, repeat until nothing changes.
        loop {
            let mut changed = false;
            for node in &component {
                changed |= expansion.visit(&mut nodes, *node)?;
            }
            if component.len() == 1 || !changed {
                break;
            }
        }
    }
    Ok(Expanded { added: expansion.added, left_out })
}

/// The strongly connected components, sources first; inside one, by entitlement.
fn order(edges: &Edges, nodes: &[Node]) -> Vec<Vec<usize>> {
    // Nodes are added by name, so that the order depends on the content alone.
    let mut by_name: Vec<usize> = (0..nodes.len()).collect();
    by_name.sort_by(|a, b| nodes[*a].entitlement.cmp(&nodes[*b].entitlement));
    let mut graph = DiGraph::<usize, ()>::with_capacity(nodes.len(), edges.edges.len());
    let mut index = vec![NodeIndex::default(); nodes.len()];
    for node in by_name {
        index[node] = graph.add_node(node);
    }
    let mut pairs: Vec<_> =
        edges.edges.iter().map(|e| (index[e.from as usize], index[e.to as usize])).collect();
    pairs.sort();
    pairs.dedup();
    graph.extend_with_edges(pairs);
    let mut components = kosaraju_scc(&graph);
    components.reverse();
    components
        .into_iter()
        .map(|mut component| {
            component.sort();
            component.into_iter().map(|n| graph[n]).collect()
        })
        .collect()
}

struct Expansion<'a> {
    writer: &'a mut SnapshotWriter,
    edges: &'a Edges,
    added: u64,
}

/// A principal that reaches a destination, and through what.
struct Arrival {
    principal: (String, String),
    /// The row that it already has there, and whether that is direct.
    row: Option<(i64, bool)>,
    sources: BTreeMap<String, GrantSource>,
}

impl Expansion<'_> {
    /// Updates one destination from its sources. Returns whether anything changed.
    fn visit(&mut self, nodes: &mut [Node], to: usize) -> Result<bool, Error> {
        let first = self.edges.edges.partition_point(|e| (e.to as usize) < to);
        let incoming: Vec<Edge> =
            self.edges.edges[first..].iter().take_while(|e| e.to as usize == to).copied().collect();
        if incoming.is_empty() {
            return Ok(false);
        }
        let Some(resource) = nodes[to].resource.clone() else {
            return Ok(false);
        };
        let mut cursors = cursors(nodes, &incoming, to);
        let mut changed = false;
        let mut range: Option<Range> = None;
        let encoder = GrantEncoder::new(&nodes[to].entitlement, &resource);
        // In batches: SQLite must not be written while the same table is read.
        loop {
            let db = self.writer.connection();
            let batch = arrivals(db, nodes, &self.edges.types, &mut cursors)?;
            if batch.is_empty() {
                break;
            }
            for arrival in batch {
                changed |= self.arrive(
                    (&nodes[to].entitlement, &resource),
                    &encoder,
                    arrival,
                    &mut range,
                )?;
            }
        }
        nodes[to].rows.extend(range.map(|range| (range, false)));
        Ok(changed)
    }

    fn arrive(
        &mut self,
        (entitlement, resource): (&str, &ResourceId),
        encoder: &GrantEncoder,
        arrival: Arrival,
        range: &mut Option<Range>,
    ) -> Result<bool, Error> {
        let Arrival { principal: (kind, principal), row, mut sources } = arrival;
        if let Some((row_id, direct)) = row {
            if direct {
                sources.insert(entitlement.to_owned(), GrantSource { is_direct: true });
            }
            return self.update(row_id, GrantSources { sources });
        }
        let (mut id, mut data) = (String::new(), Vec::new());
        let immutable =
            Grant { annotations: vec![GrantImmutable::default().to_any()], ..Grant::default() };
        let annotations = immutable.encode_to_vec();
        encoder.encode(&kind, &principal, &annotations, &mut id, &mut data);
        append_sources(&mut data, GrantSources { sources });
        let row_id = self.writer.derived(&GrantColumns {
            resource: (&resource.resource_type, &resource.id),
            entitlement,
            principal: (&kind, &principal),
            id: &id,
            expansion: None,
            data: &data,
        })?;
        *range = Some(Range::with(*range, row_id));
        self.added += 1;
        Ok(true)
    }

    fn update(&mut self, row_id: i64, sources: GrantSources) -> Result<bool, Error> {
        let sql = "SELECT data FROM v1_grants WHERE id = ?1";
        let before: Vec<u8> = value(self.writer.connection(), sql, [row_id])?;
        let mut data = strip_sources(&before).map_err(|e| {
            Error::internal(Code::UnreadableRecord, "a grant cannot be read").with_source(e)
        })?;
        append_sources(&mut data, sources);
        if data == before {
            return Ok(false);
        }
        self.writer.replace_grant(row_id, &data)?;
        Ok(true)
    }
}

/// The number of arrivals in a batch.
const BATCH: usize = 10_000;

/// Rows that are still to be read for a destination.
struct Cursor {
    rows: Range,
    /// The edge that they come through; `None` for the destination's own rows.
    edge: Option<Edge>,
    direct: bool,
}

fn cursors(nodes: &[Node], incoming: &[Edge], to: usize) -> Vec<Cursor> {
    let cursor = |(rows, direct), edge| Cursor { rows, edge, direct };
    let own = nodes[to].rows.iter().map(|row| cursor(*row, None));
    let feeding = incoming.iter().flat_map(|edge| {
        let rows = nodes[edge.from as usize].rows.iter();
        let passed_on = rows.filter(|(_, direct)| *direct || !edge.shallow);
        passed_on.map(|row| cursor(*row, Some(*edge)))
    });
    own.chain(feeding).collect()
}

/// The next principals, in order, that reach the destination; moves the cursors past them.
fn arrivals(
    db: &Connection,
    nodes: &[Node],
    types: &[Vec<String>],
    cursors: &mut [Cursor],
) -> Result<Vec<Arrival>, ScratchError> {
    let mut statements = Vec::with_capacity(cursors.len());
    for _ in 0..cursors.len() {
        let sql = "SELECT id, principal_resource_type_id, principal_resource_id FROM v1_grants
                   WHERE id BETWEEN ?1 AND ?2 ORDER BY id";
        statements.push(db.prepare_cached(sql)?);
    }
    let mut streams = Vec::with_capacity(cursors.len());
    for (statement, cursor) in statements.iter_mut().zip(cursors) {
        streams.push(Stream::open(statement, cursor)?);
    }
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let heads = streams.iter().filter_map(|s| s.head.as_ref());
        let Some(principal) = heads.min().cloned() else {
            break;
        };
        let arrival = Arrival::of(principal, &mut streams, nodes, types)?;
        if !arrival.sources.is_empty() {
            batch.push(arrival);
        }
    }
    Ok(batch)
}

/// The principals of a range of rows, in order.
struct Stream<'a> {
    rows: Rows<'a>,
    cursor: &'a mut Cursor,
    head: Option<(String, String)>,
}

impl<'a> Stream<'a> {
    fn open(
        statement: &'a mut CachedStatement<'_>,
        cursor: &'a mut Cursor,
    ) -> Result<Self, ScratchError> {
        let Range { first, last } = cursor.rows;
        let mut stream = Self { rows: statement.query([first, last])?, cursor, head: None };
        stream.advance()?;
        Ok(stream)
    }

    fn advance(&mut self) -> Result<(), ScratchError> {
        self.head = None;
        self.cursor.rows.first = self.cursor.rows.last + 1;
        if let Some(row) = self.rows.next()? {
            self.cursor.rows.first = row.get(0)?;
            self.head = Some((row.get(1)?, row.get(2)?));
        }
        Ok(())
    }
}

impl Arrival {
    /// Collects the rows of `principal` in all streams, and moves them past it.
    fn of(
        principal: (String, String),
        streams: &mut [Stream<'_>],
        nodes: &[Node],
        types: &[Vec<String>],
    ) -> Result<Self, ScratchError> {
        let mut arrival = Self { principal, row: None, sources: BTreeMap::new() };
        for stream in streams {
            if stream.head.as_ref() != Some(&arrival.principal) {
                continue;
            }
            let direct = stream.cursor.direct;
            match stream.cursor.edge {
                None => arrival.row = Some((stream.cursor.rows.first, direct)),
                Some(edge) => {
                    let wanted = &types[edge.types as usize];
                    if wanted.is_empty() || wanted.contains(&arrival.principal.0) {
                        let source = nodes[edge.from as usize].entitlement.clone();
                        arrival.sources.entry(source).or_default().is_direct |= direct;
                    }
                }
            }
            stream.advance()?;
        }
        Ok(arrival)
    }
}
