//! The steps that read people and groups.

use rollcall_connector::{Code, Error, StepOutput};

use super::check::GROUPS;
use super::{Step, StepResult, listed};
use crate::access;
use crate::api::{self, Account, ListPosition, SearchRow};
use crate::connect::Confluence;

impl Confluence {
    pub(super) async fn users(&self, at: &ListPosition) -> StepResult {
        let page = match self.api.page(&api::user_search(), at).await {
            // The vendor ignores `start`, or shows nothing after it. This does not fail the sync: the list contains no
            // access, and everybody in a group or on a space is found there and looked up.
            Err(e) if e.is_circle() => return Ok(ended_early("returned the same page twice")),
            Err(e) if !at.is_first() && e.status() == Some(400) => {
                return Ok(ended_early("refused to return another page"));
            }
            page => listed(at, page)?,
        };
        let mut out = StepOutput::with_next(page.next.map(|at| Step::Users { at }));
        for row in &page.items {
            match row.user.get().filter(|user| !user.account_id.is_empty()) {
                Some(user) => {
                    unreadable(&mut out, user);
                    out.records.resources.push(access::person(user));
                }
                None => out.warn(Code::UnreadableRow, without_account(row)),
            }
        }
        Ok(out)
    }

    pub(super) async fn groups(&self, at: &ListPosition) -> StepResult {
        let page = listed(at, self.api.page(&api::groups(), at).await)?;
        let mut out = StepOutput::with_next(page.next.map(|at| Step::Groups { at }));
        for group in &page.items {
            out.tally(GROUPS, 1);
            out.unreadable(format_args!("group {}", group.id), group.unreadable());
            out.records.extend(access::group(group));
            out.spawn.push(members_of(&group.id));
        }
        Ok(out)
    }

    pub(super) async fn members(&self, group: &str, at: &ListPosition) -> StepResult {
        let page = listed(at, self.api.page(&api::members_of(group), at).await)?;
        let mut out = StepOutput::with_next(
            page.next.map(|at| Step::Members { group: group.to_owned(), at }),
        );
        for account in &page.items {
            // Without an id, somebody's membership could not be shown.
            if account.account_id.is_empty() {
                return Err(Error::internal(
                    Code::UnexpectedAnswer,
                    format!(
                        "the vendor lists the user `{}` without an account id",
                        account.display_name
                    ),
                ));
            }
            unreadable(&mut out, account);
            out.records.extend(access::membership(group, account));
        }
        Ok(out)
    }

    pub(super) async fn accounts(&self, ids: &[String]) -> StepResult {
        let mut out = StepOutput::default();
        // The vendor omits unknown accounts; the engine keeps what lists showed of them.
        for account in self.api.accounts(ids).await? {
            if account.account_id.is_empty() {
                let message = "a row of a user lookup has no account id";
                out.warn(Code::UnreadableRow, message);
                continue;
            }
            unreadable(&mut out, &account);
            out.records.resources.push(access::user(&account));
        }
        Ok(out)
    }

    /// A group that has access but was not listed.
    pub(super) async fn unlisted_group(&self, id: &str) -> StepResult {
        match self.api.group(id).await {
            Ok(group) => {
                let mut out = StepOutput::from(access::group(&group));
                out.spawn.push(members_of(&group.id));
                Ok(out)
            }
            // The engine shows it by its id: only its access is known.
            Err(e) if e.is_unknown_id() => Ok(StepOutput::default()),
            Err(e) => Err(e.into()),
        }
    }
}

fn members_of(group: &str) -> Step {
    Step::Members { group: group.to_owned(), at: ListPosition::default() }
}

fn unreadable(out: &mut StepOutput<Step>, account: &Account) {
    let row = format_args!("user {}", account.account_id);
    out.unreadable(row, account.unreadable());
}

/// Ends a user search that shows no more rows.
fn ended_early(why: &str) -> StepOutput<Step> {
    let mut out = StepOutput::default();
    out.blind_spot(format!(
        "The user search {why}: accounts that are in no group and on no space are shown only if its first pages list them."
    ));
    out
}

/// The warning about a row of the user search without an account.
fn without_account(row: &SearchRow) -> String {
    match row.user.get().map(|user| &*user.display_name) {
        Some(name) if !name.is_empty() => {
            format!("a row of the user search, `{name}`, has no account id")
        }
        _ => "a row of the user search has no account".into(),
    }
}
