//! Reads: the steps of a sync.
//!
//! Groups carry their members, and spaces their rows of permissions; each list is read once. Whoever is met on the way, in
//! the search, in a group or in a row, is looked up at the end, 250 at a time: the search hides deactivated accounts and
//! ends at ten thousand, and no list tells whether an account is active.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall_connector::Code;
use rollcall_connector::{
    Error, ErrorType, Identity, Records, StepOutput, Syncer, Tallies, Warning, stale_cursor,
};
use rollcall_model::ResourceId;
use serde::{Deserialize, Serialize};

use crate::Confluence;
use crate::access::{self, GROUP, Mode, Row, SPACE, USER};
use crate::api::{At, BULK, Failure, Page, Person, Space};
use warnings::{unreadable_hit, warn_of_kind, warn_of_role};

mod warnings;

/// A space, as far as the steps on it need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the vendor has them")]
pub struct Place {
    pub id: String,
    pub key: String,
    pub name: String,
}

/// A step of a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each is the list or object that it is named after"
)]
pub enum Step {
    /// Which kind of site this is; then its spaces.
    Mode,
    Users {
        at: At,
    },
    Groups {
        at: At,
    },
    Members {
        group: String,
        at: At,
    },
    Roles,
    Spaces {
        mode: Mode,
        at: At,
    },
    /// Who has which role on a space; then its rows.
    Assignments {
        space: Place,
        mode: Mode,
    },
    /// `by_role`: those whose rows follow from a role, as `type:id`.
    Permissions {
        space: String,
        mode: Mode,
        by_role: Vec<String>,
        at: At,
    },
    Accounts {
        ids: Vec<String>,
    },
    Group {
        id: String,
    },
}

const NOT_SELECTED: &str = "rows that are not selected";
const PERSONAL: &str = "personal spaces";
const SPACES: &str = "spaces";
const GROUPS: &str = "groups";
/// Where the token's own account was met.
const CALLER: &str = "the caller";

#[async_trait]
impl Syncer for Confluence {
    type Step = Step;

    /// More than the client ever lets through: while the answers of some are taken in, others are ready to be sent.
    const CONCURRENCY: usize = 24;

    fn start(&self, _: &Identity) -> Vec<Step> {
        vec![
            Step::Mode,
            Step::Groups { at: At::default() },
            Step::Users { at: At::default() },
        ]
    }

    async fn run(&self, identity: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        let mut out = self.read(step).await?;
        let records = &out.records;
        let is_caller = |id: &ResourceId| *id == identity.caller;
        if records.resources.iter().any(|r| is_caller(&r.id))
            || records.grants.iter().any(|g| is_caller(&g.principal))
        {
            out.tally(CALLER, 1);
        }
        Ok(out)
    }

    fn resolve(&self, _: u8, resource_type: &str, ids: &[String]) -> Option<Vec<Step>> {
        match resource_type {
            USER => Some(
                ids.chunks(BULK)
                    .map(|ids| Step::Accounts { ids: ids.to_vec() })
                    .collect(),
            ),
            GROUP => Some(
                ids.iter()
                    .map(|id| Step::Group { id: id.clone() })
                    .collect(),
            ),
            _ => None,
        }
    }

    fn check(&self, identity: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        if count(GROUPS) == 0 {
            return Err(no_groups());
        }
        let warnings = [
            (
                count(NOT_SELECTED) > 0,
                Code::ExcludedByConfiguration,
                format!(
                    "{} rows of permissions are of nouns or verbs that the configuration leaves out",
                    count(NOT_SELECTED)
                ),
            ),
            (
                count(PERSONAL) > 0,
                Code::ExcludedByConfiguration,
                format!(
                    "{} personal spaces are left out, as configured",
                    count(PERSONAL)
                ),
            ),
            (
                count(SPACES) == 0,
                Code::EmptyList,
                "the token's account sees no space at all; a site administrator does not see every space by that alone".into(),
            ),
            (
                count(CALLER) == 0,
                Code::CallerNotListed,
                format!(
                    "neither the user search nor a group or space names the token's own account {}: the lists of people may lack others as well",
                    identity.caller.id
                ),
            ),
        ];
        let due = warnings.into_iter().filter(|(is_due, ..)| *is_due);
        Ok(due
            .map(|(_, code, message)| Warning::new(code, message))
            .collect())
    }
}

impl Confluence {
    async fn read(&self, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Mode => self.mode_and_spaces().await,
            Step::Users { at } => self.users(at).await,
            Step::Groups { at } => self.groups(at).await,
            Step::Members { group, at } => self.members(group, at).await,
            Step::Roles => self.all_roles().await,
            Step::Spaces { mode, at } => self.spaces(*mode, at).await,
            Step::Assignments { space, mode } => self.assignments(space, *mode).await,
            Step::Permissions {
                space,
                mode,
                by_role,
                at,
            } => self.permissions(space, *mode, by_role, at).await,
            Step::Accounts { ids } => self.accounts(ids).await,
            Step::Group { id } => match self.api.group(id).await {
                Ok(group) => {
                    let mut out = StepOutput::from(access::group(&group));
                    out.spawn.push(members_of(&group.id));
                    Ok(out)
                }
                // The engine shows it with all that is known of it: that somebody holds access by it.
                Err(e) if e.is_unknown_id() => Ok(StepOutput::default()),
                Err(e) => Err(e.into()),
            },
        }
    }

    async fn mode_and_spaces(&self) -> Result<StepOutput<Step>, Error> {
        let (mode, warning) = self.mode().await?;
        let mut out = StepOutput::default();
        out.warnings.extend(warning.clone());
        if mode.has_roles() {
            out.spawn.push(Step::Roles);
        }
        out.spawn.push(Step::Spaces {
            mode: *mode,
            at: At::default(),
        });
        Ok(out)
    }

    async fn all_roles(&self) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        for role in self.roles().await? {
            out.unreadable(format!("role {}", role.id), role.unreadable());
            out.records.resources.push(access::role(role));
        }
        Ok(out)
    }

    async fn accounts(&self, ids: &[String]) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        // Whom the vendor does not know is left out of its answer; the engine keeps what was seen of them.
        for account in self.api.accounts(ids).await? {
            if account.account_id.is_empty() {
                out.warn(
                    Code::UnreadableRow,
                    "a row of a look-up of users has no account id",
                );
                continue;
            }
            let name = format!("user {}", account.account_id);
            out.unreadable(name, account.unreadable());
            out.records.resources.push(access::user(&account));
        }
        Ok(out)
    }

    async fn users(&self, at: &At) -> Result<StepOutput<Step>, Error> {
        let page = match self.api.search_users(at).await {
            // The vendor takes no notice of where the page was to begin, or will not go on there: the search shows no more
            // than it did. That is no reason to fail. Nobody's access is in this list; whoever is in a group or on a space
            // is met there, and is looked up.
            Err(e) if e.is_circle() => return Ok(ended_early("answered the same page twice")),
            Err(e) if !at.is_first() && e.status() == Some(400) => {
                return Ok(ended_early("refused to show another page"));
            }
            page => listed(at, page)?,
        };
        let mut out = StepOutput::onward(page.next.map(|at| Step::Users { at }));
        for hit in &page.items {
            match hit.user.get() {
                Some(person) if !person.account_id.is_empty() => seen(&mut out, person),
                _ => out.warn(Code::UnreadableRow, unreadable_hit(hit)),
            }
        }
        Ok(out)
    }

    async fn groups(&self, at: &At) -> Result<StepOutput<Step>, Error> {
        let page = listed(at, self.api.groups(at).await)?;
        let mut out = StepOutput::onward(page.next.map(|at| Step::Groups { at }));
        for group in &page.items {
            out.tally(GROUPS, 1);
            out.unreadable(format!("group {}", group.id), group.unreadable());
            out.records.extend(access::group(group));
            out.spawn.push(members_of(&group.id));
        }
        Ok(out)
    }

    async fn members(&self, group: &str, at: &At) -> Result<StepOutput<Step>, Error> {
        let page = listed(at, self.api.members(group, at).await)?;
        let mut out = StepOutput::onward(page.next.map(|at| Step::Members {
            group: group.to_owned(),
            at,
        }));
        for person in &page.items {
            named(person)?;
            let name = format!("user {}", person.account_id);
            out.unreadable(name, person.unreadable());
            out.records.extend(access::membership(group, person));
        }
        Ok(out)
    }

    async fn spaces(&self, mode: Mode, at: &At) -> Result<StepOutput<Step>, Error> {
        let page = listed(at, self.api.spaces(at).await)?;
        let mut out = StepOutput::onward(page.next.map(|at| Step::Spaces { mode, at }));
        for space in &page.items {
            out.tally(SPACES, 1);
            if self.skips(space) {
                out.tally(PERSONAL, 1);
                continue;
            }
            out.unreadable(format!("space {}", space.id), space.unreadable());
            out.records
                .extend(access::space(space, &self.selection, mode));
            out.spawn.push(if mode.has_roles() {
                Step::Assignments {
                    space: Place {
                        id: space.id.clone(),
                        key: space.key.clone(),
                        name: space.name.to_string(),
                    },
                    mode,
                }
            } else {
                rows_of(&space.id, mode, Vec::new())
            });
        }
        Ok(out)
    }

    /// Whether the configuration leaves a space out.
    pub(crate) fn skips(&self, space: &Space) -> bool {
        self.skip_personal && &*space.kind == "personal"
    }

    async fn assignments(&self, place: &Place, mode: Mode) -> Result<StepOutput<Step>, Error> {
        let mut out = StepOutput::default();
        let all = match self.api.assignments(&place.id).await {
            Ok(all) => all,
            Err(e) if e.is_own_404() && self.has_no_assignments(&place.id).await? => {
                out.blind_spot(format!(
                    "The site does not say in which mode it is, and does not find who has a role on space {}: if somebody has one, that is only seen by the permissions that follow from it.",
                    place.id
                ));
                Vec::new()
            }
            Err(e) if e.is_absent() => return self.vanished(&place.id, e).await,
            Err(e) => return Err(e.into()),
        };
        let roles = self.roles().await?;
        let space = Space {
            id: place.id.clone(),
            key: place.key.clone(),
            name: place.name.as_str().into(),
            ..Space::default()
        };
        let mut by_role = BTreeSet::new();
        for assignment in &all {
            let kind = &assignment.principal.principal_type;
            warn_of_kind(&mut out, kind);
            warn_of_role(&mut out, &place.id, &assignment.role_id, roles);
            out.records
                .extend(access::assignment(&space, assignment, roles));
            by_role.insert(access::assignee(assignment).to_string());
        }
        out.spawn
            .push(rows_of(&place.id, mode, by_role.into_iter().collect()));
        Ok(out)
    }

    async fn permissions(
        &self,
        space: &str,
        mode: Mode,
        by_role: &[String],
        at: &At,
    ) -> Result<StepOutput<Step>, Error> {
        let page = match self.api.permissions(space, at).await {
            Err(e) if e.is_absent() && at.is_first() => return self.vanished(space, e).await,
            // Perhaps it is the cursor that is not there: the list starts over, and will tell.
            Err(e) if e.is_absent() => return Err(stale_cursor(e)),
            page => listed(at, page)?,
        };
        let is_whole = at.is_first() && page.next.is_none();
        let mut out = StepOutput::onward(page.next.map(|at| Step::Permissions {
            space: space.to_owned(),
            mode,
            by_role: by_role.to_vec(),
            at,
        }));
        // Every space has an administrator, and somebody by whom we can view it.
        if is_whole && page.items.is_empty() && by_role.is_empty() {
            out.blind_spot(format!(
                "Space {space} is listed, and nobody is shown to have access to it."
            ));
        }
        for row in &page.items {
            let holder = access::holder_of(row).to_string();
            let by_role = by_role.binary_search(&holder).is_ok();
            match access::row(space, row, &self.selection, mode, by_role) {
                Row::Shown(records) => {
                    warn_of_kind(&mut out, &row.principal.kind);
                    out.records.extend(records);
                }
                Row::NotSelected => out.tally(NOT_SELECTED, 1),
                Row::Unnamed => out.warn(
                    Code::UnreadableRow,
                    format!(
                        "row {} of space {space} does not say what {holder} may do, and is left out",
                        row.id
                    ),
                ),
            }
        }
        Ok(out)
    }

    /// A list of a listed space is not there. One answer does not make the space vanish: it is looked up itself. If the
    /// vendor does not find it either, it was deleted since it was listed, or hidden from us.
    async fn vanished(&self, space: &str, answer: Failure) -> Result<StepOutput<Step>, Error> {
        match self.api.space(space).await {
            Err(e) if e.is_absent() => {}
            Err(e) => return Err(e.into()),
            Ok(_) => {
                return Err(Error::new(
                    ErrorType::Unavailable,
                    Code::ContradictoryAnswers,
                    format!(
                        "Confluence shows the space {space}, and does not find who has access to it"
                    ),
                    "Run again; if it persists, report it to the vendor.",
                )
                .with_source(answer));
            }
        }
        let mut out = StepOutput::from(Records::deleted_during_sync(ResourceId::new(SPACE, space)));
        out.warn(
            Code::DeletedDuringSync,
            format!("space {space} was deleted during the sync"),
        );
        Ok(out)
    }
}

/// Somebody without an id could only be left out, and would be missed.
fn named(person: &Person) -> Result<(), Error> {
    if person.account_id.is_empty() {
        return Err(Error::internal(
            Code::UnexpectedAnswer,
            format!(
                "the vendor lists the user `{}` without an account id",
                person.display_name
            ),
        ));
    }
    Ok(())
}

fn members_of(group: &str) -> Step {
    Step::Members {
        group: group.to_owned(),
        at: At::default(),
    }
}

fn rows_of(space: &str, mode: Mode, by_role: Vec<String>) -> Step {
    Step::Permissions {
        space: space.to_owned(),
        mode,
        by_role,
        at: At::default(),
    }
}

/// The user search shows no more than it did.
fn ended_early(why: &str) -> StepOutput<Step> {
    let mut out = StepOutput::default();
    out.blind_spot(format!(
        "The user search {why}: accounts that are in no group and on no space are only shown as far as its first pages name them."
    ));
    out
}

/// Somebody whom the search shows.
fn seen(out: &mut StepOutput<Step>, person: &Person) {
    let name = format!("user {}", person.account_id);
    out.unreadable(name, person.unreadable());
    out.records.resources.push(access::person(person));
}

/// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows; a 400 to a request that had
/// one is taken for that, and the list starts over, as it does where rows moved while it was read.
fn listed<T>(at: &At, answer: Result<Page<T>, Failure>) -> Result<Page<T>, Error> {
    match answer {
        Ok(page) => Ok(page),
        Err(e) if e.is_moved() => Err(stale_cursor(e)),
        Err(e) if at.has_cursor() && e.status() == Some(400) => Err(stale_cursor(e)),
        Err(e) => Err(e.into()),
    }
}

/// Every site has groups: access to Confluence itself is given by them.
pub(crate) fn no_groups() -> Error {
    Error::new(
        ErrorType::Unavailable,
        Code::EmptyList,
        "Confluence lists no group at all, and every site has some",
        "Run again; if it persists, check that the token's account may view groups.",
    )
}

/// That a site has no roles is said by whoever asks for one.
pub(crate) fn no_roles() -> Error {
    Error::new(
        ErrorType::Refused,
        Code::PermissionsOnly,
        "this site gives access to spaces by permissions, not by roles",
        "Grant permissions on the space instead.",
    )
}
