//! The steps of a sync.

use async_trait::async_trait;
use rollcall_connector::http::error::Error as HttpError;
use rollcall_connector::{Error, Identity, StepOutput, Syncer, stale_cursor};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::api::Page;
use crate::connect::Toybox;

/// A page of a list. An empty cursor is its beginning.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is named after the list that it reads")]
pub enum Step {
    Users { cursor: String },
    Groups { cursor: String },
    Members { group: String, cursor: String },
}

#[async_trait]
impl Syncer for Toybox {
    type Step = Step;
    const CONCURRENCY: usize = 4;

    fn start(&self, _: &Identity) -> Vec<Step> {
        let cursor = String::new;
        vec![Step::Users { cursor: cursor() }, Step::Groups { cursor: cursor() }]
    }

    async fn run(&self, _: &Identity, step: &Step) -> Result<StepOutput<Step>, Error> {
        match step {
            Step::Users { cursor } => {
                let page = listed(cursor, self.api.users(cursor).await)?;
                let mut out = StepOutput::with_next(page.next.map(|cursor| Step::Users { cursor }));
                out.records.resources = page.items.iter().map(access::user).collect();
                Ok(out)
            }
            Step::Groups { cursor } => {
                let page = listed(cursor, self.api.groups(cursor).await)?;
                let next = page.next.map(|cursor| Step::Groups { cursor });
                let mut out = StepOutput::with_next(next);
                for group in page.items {
                    out.records.extend(access::group(&group));
                    out.spawn.push(Step::Members { group: group.id, cursor: String::new() });
                }
                Ok(out)
            }
            Step::Members { group, cursor } => {
                let page = listed(cursor, self.api.members(group, cursor).await)?;
                let next = page.next.map(|cursor| Step::Members { group: group.clone(), cursor });
                let mut out = StepOutput::with_next(next);
                let grant = |m| access::membership(group, m);
                out.records.grants = page.items.iter().map(grant).collect();
                Ok(out)
            }
        }
    }
}

/// A page. Toybox answers 410 to a cursor that it no longer knows: the list is then read again.
fn listed<T>(cursor: &str, answer: Result<Page<T>, HttpError>) -> Result<Page<T>, Error> {
    match answer {
        Err(e) if !cursor.is_empty() && e.status() == Some(410) => Err(stale_cursor(e)),
        answer => Ok(answer?),
    }
}
