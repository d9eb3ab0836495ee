//! Reads: the steps of a sync.
//!
//! Groups carry their members, and spaces their rows of permissions; each list is read once. Whoever is met on the way, in
//! the search, in a group or in a row, is looked up at the end, 250 at a time: the search hides deactivated accounts and
//! ends at ten thousand, and no list tells whether an account is active.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rollcall::connector::{Identity, Records, Syncer, Tallies, Warning, Yield, stale_cursor};
use rollcall::model::ResourceId;
use rollcall::{Error, ErrorType};
use serde::{Deserialize, Serialize};

use crate::Confluence;
use crate::access::{self, GROUP, Mode, Row, SPACE, USER};
use crate::api::{BULK, Failure, Page, Person, Space};

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
        start: u64,
    },
    Groups {
        start: u64,
    },
    Members {
        group: String,
        start: u64,
    },
    Roles,
    Spaces {
        mode: Mode,
        cursor: String,
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
        cursor: String,
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

#[async_trait]
impl Syncer for Confluence {
    type Step = Step;

    /// More than the client ever lets through: while the answers of some are taken in, others are ready to be sent.
    const CONCURRENCY: usize = 24;

    fn start(&self, _: &Identity) -> Vec<Step> {
        vec![
            Step::Mode,
            Step::Groups { start: 0 },
            Step::Users { start: 0 },
        ]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<Yield<Step>, Error> {
        match step {
            Step::Mode => self.mode_and_spaces().await,
            Step::Users { start } => self.users(*start).await,
            Step::Groups { start } => self.groups(*start).await,
            Step::Members { group, start } => self.members(group, *start).await,
            Step::Roles => {
                let resources = self.roles().await?.iter().map(access::role).collect();
                Ok(Records {
                    resources,
                    ..Records::default()
                }
                .into())
            }
            Step::Spaces { mode, cursor } => self.spaces(*mode, cursor).await,
            Step::Assignments { space, mode } => self.assignments(space, *mode).await,
            Step::Permissions {
                space,
                mode,
                by_role,
                cursor,
            } => self.permissions(space, *mode, by_role, cursor).await,
            Step::Accounts { ids } => {
                let accounts = self.api.accounts(ids).await?;
                let resources = accounts.iter().map(access::user).collect();
                // Whom the vendor does not know is left out of its answer; the engine keeps what was seen of them.
                Ok(Records {
                    resources,
                    ..Records::default()
                }
                .into())
            }
            Step::Group { id } => match self.api.group(id).await {
                Ok(group) => {
                    let mut out = Yield::from(access::group(&group));
                    out.spawn.push(members_of(&group.id));
                    Ok(out)
                }
                Err(e) if e.is_unknown_id() => Ok(Yield::default()),
                Err(e) => Err(e.into()),
            },
        }
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

    fn check(&self, _: &Identity, tallies: &Tallies) -> Result<Vec<Warning>, Error> {
        let count = |key: &str| tallies.get(key).copied().unwrap_or_default();
        let mut warnings = Vec::new();
        if count(NOT_SELECTED) > 0 {
            warnings.push(Warning::new(
                "PermissionsNotSelected",
                format!(
                    "{} rows of permissions are of nouns or verbs that the configuration leaves out",
                    count(NOT_SELECTED)
                ),
            ));
        }
        if count(PERSONAL) > 0 {
            warnings.push(Warning::new(
                "PersonalSpacesSkipped",
                format!(
                    "{} personal spaces are left out, as configured",
                    count(PERSONAL)
                ),
            ));
        }
        if count(SPACES) == 0 {
            warnings.push(Warning::new(
                "NoSpaces",
                "the token's account sees no space at all; a site administrator does not see every space by that alone",
            ));
        }
        Ok(warnings)
    }
}

impl Confluence {
    async fn mode_and_spaces(&self) -> Result<Yield<Step>, Error> {
        let (mode, warning) = self.mode().await?;
        let mut out = Yield::default();
        out.warnings.extend(warning);
        if mode.has_roles() {
            out.spawn.push(Step::Roles);
        }
        out.spawn.push(Step::Spaces {
            mode,
            cursor: String::new(),
        });
        Ok(out)
    }

    /// How this site gives access. Without the feature the API v2 answers as it does to strangers; that we are none is
    /// known since we were let in ([`crate::Confluence::identify`]), and the next list would say otherwise.
    pub(crate) async fn mode(&self) -> Result<(Mode, Option<Warning>), Error> {
        match self.api.role_mode().await {
            Ok(mode) => Ok(match mode.as_deref() {
                None | Some("PRE_ROLES") => (Mode::Rows, None),
                Some("ROLES_TRANSITION") => (Mode::Both, None),
                Some("ROLES") => (Mode::Roles, None),
                Some(other) => {
                    let text = format!(
                        "the site is in the mode `{other}`, which Rollcall does not know: roles and rows are both read"
                    );
                    (Mode::Both, Some(Warning::new("UnknownRoleMode", text)))
                }
            }),
            Err(e) if e.status() == Some(404) => Ok((Mode::Rows, None)),
            Err(e) => Err(e.into()),
        }
    }

    async fn users(&self, start: u64) -> Result<Yield<Step>, Error> {
        let people = self.api.search_users(start).await?;
        // No answer says that there is more, and a short page does not say that there is not: only an empty one does.
        let came = u64::try_from(people.len()).unwrap_or(u64::MAX);
        let next = (came > 0).then_some(Step::Users {
            start: start + came,
        });
        let mut out = Yield::onward(next);
        for person in &people {
            named(person)?;
            out.records.resources.push(access::person(person));
        }
        Ok(out)
    }

    async fn groups(&self, start: u64) -> Result<Yield<Step>, Error> {
        let groups = self.api.groups(start).await?;
        let mut out = Yield::onward(groups.next.map(|start| Step::Groups { start }));
        for group in &groups.items {
            out.records.extend(access::group(group));
            out.spawn.push(members_of(&group.id));
        }
        Ok(out)
    }

    async fn members(&self, group: &str, start: u64) -> Result<Yield<Step>, Error> {
        let members = self.api.members(group, start).await?;
        let mut out = Yield::onward(members.next.map(|start| Step::Members {
            group: group.to_owned(),
            start,
        }));
        for person in &members.items {
            named(person)?;
            out.records.extend(access::membership(group, person));
        }
        Ok(out)
    }

    async fn spaces(&self, mode: Mode, cursor: &str) -> Result<Yield<Step>, Error> {
        let page = listed(cursor, self.api.spaces(cursor).await)?;
        let mut out = Yield::onward(page.next.map(|cursor| Step::Spaces { mode, cursor }));
        for space in &page.items {
            out.tally(SPACES, 1);
            if self.skips(space) {
                out.tally(PERSONAL, 1);
                continue;
            }
            out.records
                .extend(access::space(space, &self.selection, mode));
            out.spawn.push(if mode.has_roles() {
                Step::Assignments {
                    space: Place {
                        id: space.id.clone(),
                        key: space.key.clone(),
                        name: space.name.clone(),
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
        self.skip_personal && space.kind == "personal"
    }

    async fn assignments(&self, place: &Place, mode: Mode) -> Result<Yield<Step>, Error> {
        let all = match self.api.assignments(&place.id).await {
            Ok(all) => all,
            Err(e) if e.is_absent() => return Ok(vanished(&place.id)),
            Err(e) => return Err(e.into()),
        };
        let roles = self.roles().await?;
        let space = Space {
            id: place.id.clone(),
            key: place.key.clone(),
            name: place.name.clone(),
            ..Space::default()
        };
        let mut out = Yield::default();
        let mut by_role = BTreeSet::new();
        for assignment in &all {
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
        cursor: &str,
    ) -> Result<Yield<Step>, Error> {
        let page = match self.api.permissions(space, cursor).await {
            Err(e) if e.is_absent() && cursor.is_empty() => return Ok(vanished(space)),
            // Perhaps it is the cursor that is not there: the list starts over, and will tell.
            Err(e) if e.is_absent() => return Err(stale_cursor(e)),
            page => listed(cursor, page)?,
        };
        let mut out = Yield::onward(page.next.map(|cursor| Step::Permissions {
            space: space.to_owned(),
            mode,
            by_role: by_role.to_vec(),
            cursor,
        }));
        for row in &page.items {
            let holder = access::holder_of(row).to_string();
            let by_role = by_role.binary_search(&holder).is_ok();
            match access::row(space, row, &self.selection, mode, by_role) {
                Row::Shown(records) => out.records.extend(records),
                Row::NotSelected => out.tally(NOT_SELECTED, 1),
            }
        }
        Ok(out)
    }
}

/// Somebody without an id could only be left out, and would be missed.
fn named(person: &Person) -> Result<(), Error> {
    if person.account_id.is_empty() {
        return Err(Error::internal(
            "NamelessUser",
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
        start: 0,
    }
}

fn rows_of(space: &str, mode: Mode, by_role: Vec<String>) -> Step {
    Step::Permissions {
        space: space.to_owned(),
        mode,
        by_role,
        cursor: String::new(),
    }
}

/// The vendor names the space that it cannot find: it was deleted since it was listed, or hidden from us.
fn vanished(space: &str) -> Yield<Step> {
    let mut out = Yield::from(Records::vanished(ResourceId::new(SPACE, space)));
    out.warn(
        "SpaceVanished",
        format!("space {space} was deleted during the sync"),
    );
    out
}

/// A page, or why not. *Unknown*: what the API answers to a cursor that it no longer knows; a 400 to a request that had
/// one is taken for that, and the list starts over.
fn listed<T>(cursor: &str, answer: Result<Page<T>, Failure>) -> Result<Page<T>, Error> {
    match answer {
        Ok(page) => Ok(page),
        Err(e) if !cursor.is_empty() && e.status() == Some(400) => Err(stale_cursor(e)),
        Err(e) => Err(e.into()),
    }
}

/// That a site has no roles is said by whoever asks for one.
pub(crate) fn no_roles() -> Error {
    Error::new(
        ErrorType::Refused,
        "NoRoles",
        "this site gives access to spaces by permissions, not by roles",
        "Grant permissions on the space instead.",
    )
}
