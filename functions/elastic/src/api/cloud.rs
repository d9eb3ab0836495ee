//! Organizations, their members and invitations: the Elastic Cloud API.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rollcall_connector::http::limit::BudgetHeaders;
use rollcall_connector::http::{Call, Header, Http, Session, Vendor};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use super::Answer;
use super::failure::{Failure, Place};
use super::objects::{Invitation, Invited, Listed, Member, Members, Organization};

/// *Unknown*: the numbers, and whether the interval is one of seconds that begins now. Waiting that long is enough
/// either way.
const BUDGET: BudgetHeaders = BudgetHeaders {
    limit: "x-ratelimit-limit",
    remaining: "x-ratelimit-remaining",
    reset: "x-ratelimit-interval",
    reserve_percent: 10,
};

/// The Cloud API with a key of an organization.
pub(crate) struct Cloud {
    http: Http,
    /// The one organization to look at, if it is configured.
    organization: Option<String>,
}

/// The organizations that a key reaches, and what the answer says beside.
#[derive(Debug)]
pub(crate) struct Organizations {
    pub(crate) items: Vec<Organization>,
    /// There are more, of which the API does not document how to ask for them.
    pub(crate) goes_on: bool,
    /// When the key ends.
    pub(crate) key_expires_at: Option<Timestamp>,
}

impl Cloud {
    pub(crate) fn new(
        base: Url,
        key: SecretString,
        organization: Option<String>,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let vendor = Vendor {
            base,
            headers: vec![("authorization", Header::Secret("ApiKey ", key))],
            pace: None,
            budgets: vec![BUDGET],
            concurrency: None,
        };
        let http = Http::new(session, vendor)?;
        Ok(Self { http, organization })
    }

    /// `GET /api/v1/organizations`, or `GET /api/v1/organizations/{id}` of the one that is configured.
    pub(crate) async fn organizations(&self) -> Answer<Organizations> {
        let expiry = |header: Option<&str>| header.and_then(time);
        match &self.organization {
            Some(id) => {
                let call = v1(&["organizations", id]);
                let answer = self.http.ask::<Organization>(&call).await.map_err(failed)?;
                Ok(Organizations {
                    key_expires_at: expiry(answer.header(EXPIRATION)),
                    items: vec![answer.body],
                    goes_on: false,
                })
            }
            None => {
                let call = v1(&["organizations"]);
                let answer = self.http.ask::<Listed>(&call).await.map_err(failed)?;
                Ok(Organizations {
                    key_expires_at: expiry(answer.header(EXPIRATION)),
                    goes_on: answer.body.next_page.is_some_and(|next| !next.is_empty()),
                    items: answer.body.organizations,
                })
            }
        }
    }

    /// `GET /api/v1/organizations/{id}/members`: all of them, with the roles that the key may see.
    pub(crate) async fn members(&self, organization: &str) -> Answer<Vec<Member>> {
        let call = v1(&["organizations", organization, "members"]);
        let answer: Members = self.send(call).await?;
        whole("members", answer.next_page)?;
        Ok(answer.members)
    }

    /// `GET /api/v1/organizations/{id}/invitations`: all of them.
    pub(crate) async fn invitations(&self, organization: &str) -> Answer<Vec<Invitation>> {
        let call = v1(&["organizations", organization, "invitations"]);
        let answer: Invited = self.send(call).await?;
        whole("invitations", answer.next_page)?;
        Ok(answer.invitations)
    }

    async fn send<T: DeserializeOwned>(&self, call: Call) -> Answer<T> {
        self.http.send(&call).await.map_err(failed)
    }
}

const EXPIRATION: &str = "x-elastic-api-key-expiration";

fn v1(path: &[&str]) -> Call {
    Call::get(&[&["api", "v1"], path].concat())
}

/// No parameter is documented that would ask for another page of a list: half a list is none.
fn whole(list: &'static str, next_page: Option<String>) -> Answer<()> {
    match next_page.is_some_and(|next| !next.is_empty()) {
        true => Err(Failure::GoesOn(list)),
        false => Ok(()),
    }
}

fn failed(cause: rollcall_connector::http::error::Error) -> Failure {
    Failure::new(Place::Cloud, cause)
}

/// *Unknown*: in which form the header has its time. The two usual ones are taken, and anything else is none.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let rfc2822 = || rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(rfc2822)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_key_is_read_in_either_usual_form() {
        let expected = "2026-02-01T00:00:00Z".parse().ok();
        assert_eq!(time("2026-02-01T00:00:00Z"), expected);
        assert_eq!(time("Sun, 01 Feb 2026 00:00:00 GMT"), expected);
        assert_eq!(time("soon"), None);
    }
}
