//! Organizations, their members and invitations: the Elastic Cloud API.

use jiff::Timestamp;
use rollcall_connector::http::lenient::parse_time;
use rollcall_connector::http::limit::BudgetHeaders;
use rollcall_connector::http::{Call, Http, Session, error};
use secrecy::SecretString;
use url::Url;

use super::failure::{Failure, Place};
use super::objects::{
    Invitation, InvitationList, Member, MemberList, Organization, OrganizationList,
};
use super::{Answer, client};

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
    /// The only organization to read, if it is configured.
    organization: Option<String>,
}

/// The organizations that a key can access.
#[derive(Debug)]
pub(crate) struct Organizations {
    pub(crate) items: Vec<Organization>,
    /// Whether there are more, which the API does not document how to request.
    pub(crate) is_partial: bool,
    /// *Unknown*: the format of the header with this time. A format that cannot be read counts as no time.
    pub(crate) key_expires_at: Option<Timestamp>,
}

impl Cloud {
    pub(crate) fn new(
        base: Url,
        key: SecretString,
        organization: Option<String>,
        session: Session,
    ) -> Result<Self, rollcall_connector::Error> {
        let http = client(base, key, vec![BUDGET], session)?;
        Ok(Self { http, organization })
    }

    /// `GET /api/v1/organizations`, or `GET /api/v1/organizations/{id}` of the one that is configured.
    pub(crate) async fn organizations(&self) -> Answer<Organizations> {
        const EXPIRATION: &str = "x-elastic-api-key-expiration";
        let expiry = |header: Option<&str>| header.and_then(parse_time);
        if let Some(id) = &self.organization {
            let call = v1(&["organizations", id]);
            let answer = self.http.ask::<Organization>(&call).await.map_err(failed)?;
            return Ok(Organizations {
                key_expires_at: expiry(answer.header(EXPIRATION)),
                items: vec![answer.body],
                is_partial: false,
            });
        }
        let call = v1(&["organizations"]);
        let answer = self.http.ask::<OrganizationList>(&call).await;
        let answer = answer.map_err(failed)?;
        Ok(Organizations {
            key_expires_at: expiry(answer.header(EXPIRATION)),
            is_partial: is_partial(&answer.body.next_page),
            items: answer.body.organizations,
        })
    }

    /// `GET /api/v1/organizations/{id}/members`: all of them, with the roles that the key may see.
    pub(crate) async fn members(&self, organization: &str) -> Answer<Vec<Member>> {
        let call = v1(&["organizations", organization, "members"]);
        let list: MemberList = self.http.send(&call).await.map_err(failed)?;
        match is_partial(&list.next_page) {
            true => Err(Failure::PartialList("members")),
            false => Ok(list.members),
        }
    }

    /// `GET /api/v1/organizations/{id}/invitations`: all of them.
    pub(crate) async fn invitations(&self, organization: &str) -> Answer<Vec<Invitation>> {
        let call = v1(&["organizations", organization, "invitations"]);
        let list: InvitationList = self.http.send(&call).await.map_err(failed)?;
        match is_partial(&list.next_page) {
            true => Err(Failure::PartialList("invitations")),
            false => Ok(list.invitations),
        }
    }
}

fn v1(path: &[&str]) -> Call {
    Call::get(&[&["api", "v1"], path].concat())
}

/// No parameter is documented that would request the next page of a list.
fn is_partial(next_page: &Option<String>) -> bool {
    next_page.as_ref().is_some_and(|next| !next.is_empty())
}

fn failed(cause: error::Error) -> Failure {
    Failure::new(Place::Cloud, cause)
}
