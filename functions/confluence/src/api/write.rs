//! The writes of both APIs.

use rollcall_connector::http::Call;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A complete write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is named after the call that it makes")]
pub enum Write {
    AddMember { group: String, account: String },
    RemoveMember { group: String, account: String },
    AddPermission { key: String, kind: String, principal: String, verb: String, noun: String },
    RemovePermission { key: String, id: String },
    SetRole { space: String, kind: String, principal: String, role: Option<String> },
}

const MEMBERS: [&str; 5] = ["wiki", "rest", "api", "group", "userByGroupId"];

impl Write {
    /// The request that makes this write.
    pub(super) fn call(&self) -> Call {
        match self {
            // `POST /wiki/rest/api/group/userByGroupId`: answers 201 without a body.
            Self::AddMember { group, account } => {
                Call::post(&MEMBERS, json!({"accountId": account})).query("groupId", group)
            }
            // `DELETE /wiki/rest/api/group/userByGroupId`: 204, also for somebody who was not a member.
            Self::RemoveMember { group, account } => {
                Call::delete(&MEMBERS).query("groupId", group).query("accountId", account)
            }
            // `POST /wiki/rest/api/space/{key}/permission`: by key, and singular.
            Self::AddPermission { key, kind, principal, verb, noun } => Call::post(
                &["wiki", "rest", "api", "space", key, "permission"],
                json!({
                    "subject": {"type": kind, "identifier": principal},
                    "operation": {"key": verb, "target": noun},
                }),
            ),
            // `DELETE /wiki/rest/api/space/{key}/permission/{id}`
            Self::RemovePermission { key, id } => {
                Call::delete(&["wiki", "rest", "api", "space", key, "permission", id])
            }
            // `POST /wiki/api/v2/spaces/{id}/role-assignments`: replaces; without a role, removes.
            Self::SetRole { space, kind, principal, role } => {
                let principal = json!({"principalType": kind, "principalId": principal});
                let entry = match role {
                    Some(role) => json!({"principal": principal, "roleId": role}),
                    None => json!({"principal": principal}),
                };
                let path = ["wiki", "api", "v2", "spaces", space, "role-assignments"];
                Call::post(&path, json!([entry]))
            }
        }
    }
}
