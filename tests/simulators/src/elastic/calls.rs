//! The calls of all hosts, and the checks that each goes through.

use serde_json::json;

use super::{
    CLOUD, Vendor, cloud, cluster, users,
    world::{CloudKey, DeploymentKey},
};
use crate::{
    address, head,
    kit::Tenant,
    refusal::Refusal,
    routes::{Desk, Request, Route, routes},
    server::Call,
};

/// The caller.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Cloud(CloudKey),
    Deployment(DeploymentKey),
}

/// The action of a deployment's call, in the server's own terms, and the cluster privileges that allow it.
pub(crate) type Action = Option<(&'static str, &'static [&'static str])>;

const READ: &[&str] = &["read_security", "manage_security", "all"];
const MANAGE: &[&str] = &["manage_security", "all"];
const GET_USERS: Action = Some(("user/get", READ));
const PUT_USER: Action = Some(("user/put", MANAGE));
const SET_ENABLED: Action = Some(("user/set_enabled", MANAGE));
const DELETE_USER: Action = Some(("user/delete", MANAGE));
const GET_ROLES: Action = Some(("role/get", READ));
const GET_MAPPINGS: Action = Some(("role_mapping/get", MANAGE));

const REFRESH: [&str; 1] = ["refresh"];

/// Objects that affect whole groups of people (roles, role mappings) are read and never written: a bad role template or
/// rule locks everybody out.
static ROUTES: &[Route<Vendor>] = routes! {
    GET "/api/v1/organizations" [] None cloud::organizations;
    GET "/api/v1/organizations/{}" [] None cloud::organization;
    GET "/api/v1/organizations/{}/members" [] None cloud::members;
    GET "/api/v1/organizations/{}/invitations" [] None cloud::invitations;
    POST "/api/v1/users/{}/role_assignments" [] None cloud::assign;
    DELETE "/api/v1/users/{}/role_assignments" ["force"] None cloud::unassign;
    POST "/api/v1/deployments/_search" [] None cloud::search;
    GET "/api/v1/serverless/projects/{}" [] None cloud::projects;
    GET "/_security/_authenticate" [] None cluster::authenticate;
    GET "/_security/user" [] GET_USERS users::read;
    GET "/_security/user/{}" [] GET_USERS users::read;
    PUT "/_security/user/{}" REFRESH PUT_USER users::put;
    DELETE "/_security/user/{}" REFRESH DELETE_USER users::delete;
    PUT "/_security/user/{}/_enable" REFRESH SET_ENABLED users::enable;
    PUT "/_security/user/{}/_disable" REFRESH SET_ENABLED users::disable;
    GET "/_security/role" [] GET_ROLES cluster::roles;
    GET "/_security/role/{}" [] GET_ROLES cluster::roles;
    GET "/_security/role_mapping" [] GET_MAPPINGS cluster::mappings;
    GET "/_security/role_mapping/{}" [] GET_MAPPINGS cluster::mappings;
};

impl Desk for Vendor {
    type Caller = Caller;
    type Need = Action;

    fn routes() -> &'static [Route<Self>] {
        ROUTES
    }

    fn identify(tenant: &Tenant<Self>, call: &Call) -> Result<Caller, Refusal> {
        match call.host == CLOUD {
            true => cloud::identify(tenant, call).map(Caller::Cloud),
            false => cluster::identify(tenant, call).map(Caller::Deployment),
        }
    }

    /// *Unknown*: the answer of the Cloud API to a client that does not take JSON. Taken: 406, as the other's is.
    fn check(tenant: &Tenant<Self>, call: &Call) -> Result<(), Refusal> {
        head::accept(call).map_err(|reason| {
            let refusal = Refusal::new(406, &reason).code("root.not_acceptable").wrong();
            match call.host == CLOUD {
                true => refusal,
                false => refusal.body(json!({"error": reason, "status": 406})),
            }
        })?;
        if (call.host == CLOUD) != call.path.starts_with("/api/v1/") {
            return Err(Self::unknown(call));
        }
        let cluster = tenant.world.deployments.get(&call.host);
        let segments = address::segments(&call.path)?;
        // *Unknown*: whether roles can be read in serverless projects. Taken: they can, as custom roles are documented
        // there.
        let is_there =
            matches!(segments.get(1).map(String::as_str), Some("_authenticate" | "role"));
        match cluster.is_some_and(|cluster| cluster.serverless) && !is_there {
            true => Err(cluster::not_in_serverless(call)),
            false => Ok(()),
        }
    }

    fn allow(request: &Request<'_, Self>, need: Action) -> Result<(), Refusal> {
        let (Some((action, privileges)), Caller::Deployment(key)) = (need, &request.caller) else {
            return Ok(());
        };
        let lenient = !request.tenant.options.mappings_need_manage_security;
        let enough = if lenient && need == GET_MAPPINGS { READ } else { privileges };
        if enough.iter().any(|&name| key.privileges.contains(name)) {
            return Ok(());
        }
        let reason = format!(
            "action [cluster:admin/xpack/security/{action}] is unauthorized for API key id [{}] of user [{}], this action is granted by the cluster privileges [{}]",
            key.id(),
            key.owner,
            enough.join(",")
        );
        Err(Refusal::new(403, reason).code("security_exception"))
    }

    fn unknown(call: &Call) -> Refusal {
        if call.host == CLOUD {
            let message = format!("The resource {} was not found", call.path);
            return Refusal::new(404, message).code("root.resource_not_found").wrong();
        }
        let reason =
            format!("no handler found for uri [{}] and method [{}]", call.path, call.method);
        let body = json!({"error": reason});
        Refusal::violation(reason).body(body)
    }

    /// *Unknown*: the answer of the Cloud API. Taken: 405, as the other's is.
    fn wrong_method(call: &Call, allowed: &[&str]) -> Refusal {
        if call.host == CLOUD {
            let message = format!("{} is not for this address", call.method);
            return Refusal::new(405, message).code("root.method_not_allowed").wrong();
        }
        let reason = format!(
            "Incorrect HTTP method for uri [{}] and method [{}], allowed: [{}]",
            call.path,
            call.method,
            allowed.join(", ")
        );
        let body = json!({"error": reason, "status": 405});
        Refusal::new(405, reason).body(body).wrong()
    }

    /// The Cloud API removes assignments by a `DELETE` with a body.
    fn has_body(call: &Call) -> bool {
        // A user may be called `_enable`.
        let toggles = call.path.split('/').count() == 5 && call.path.ends_with("able");
        let writes = matches!(call.method.as_str(), "POST" | "PUT") && !toggles;
        writes || call.path.ends_with("/role_assignments")
    }
}
