//! The security API of an Elasticsearch deployment, but for users:
//! <https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security>. Errors are
//! `{"error": {"root_cause": […], "type", "reason"}, "status"}`, and a few look otherwise.

use std::io;

use serde::Serialize;
use serde_json::{
    Value, json,
    ser::{Formatter, Serializer},
};

use super::{
    Vendor,
    calls::Caller,
    unknown_resource,
    world::{Cluster, DeploymentKey, key_id},
};
use crate::{
    kit::Tenant,
    paging::Rows,
    refusal::Refusal,
    routes::{Reply, Request, ok},
    server::{Answer, Call},
};

const WAYS_IN: [&str; 2] = ["Basic realm=\"security\", charset=\"UTF-8\"", "ApiKey"];

/// The error for a status, or the one that the refusal has.
pub(super) fn envelope(call: &Call, refusal: &Refusal) -> Value {
    let (status, reason) = (refusal.status, &refusal.reason);
    let usual = match status {
        400 => "illegal_argument_exception",
        401 | 403 => "security_exception",
        404 if refusal.violation.is_none() => match call.method.as_str() {
            "GET" => return json!({}),
            _ => return unknown_resource(),
        },
        409 => "version_conflict_engine_exception",
        410 => "api_not_available_exception",
        429 => "es_rejected_execution_exception",
        503 => "unavailable_shards_exception",
        _ => "exception",
    };
    let kind = if refusal.code.is_empty() { usual } else { refusal.code };
    let mut cause = json!({"type": kind, "reason": reason});
    if status == 401 {
        cause["header"] = json!({"WWW-Authenticate": WAYS_IN});
    }
    let mut error = cause.clone();
    error["root_cause"] = json!([cause]);
    json!({"error": error, "status": status})
}

/// 400 with everything that is wrong.
pub(super) fn invalid(kind: &'static str, errors: &[String]) -> Refusal {
    let numbered = errors.iter().zip(1..);
    let list: String = numbered.map(|(error, i)| format!("{i}: {error};")).collect();
    Refusal::new(400, format!("Validation Failed: {list}")).code(kind)
}

/// 400 to an invalid body.
pub(super) fn unparsed(reason: impl Into<String>) -> Refusal {
    Refusal::violation(reason).code("parse_exception")
}

pub(super) fn not_in_serverless(call: &Call) -> Refusal {
    let (path, method) = (&call.path, &call.method);
    Refusal::new(
        410,
        format!(
            "Request for uri [{path}] with method [{method}] exists but is not available when running in serverless mode"
        ),
    )
}

/// The key. Neither a Cloud key nor another deployment's has any business here.
pub(super) fn identify(tenant: &Tenant<Vendor>, call: &Call) -> Result<DeploymentKey, Refusal> {
    let denied = |reason: String| {
        let refusal = Refusal::new(401, reason);
        let refuse = |refusal: Refusal, way| refusal.header("www-authenticate", way);
        WAYS_IN.into_iter().fold(refusal, refuse)
    };
    let missing = || {
        let path = &call.path;
        denied(format!("missing authentication credentials for REST request [{path}]"))
    };
    let unable = || {
        denied("unable to authenticate with provided credentials and anonymous access is not allowed for this request".to_owned())
    };
    let header = call.header("authorization").unwrap_or_default();
    let (scheme, sent) = header.split_once(' ').unwrap_or((header, ""));
    let sent = sent.trim();
    if !scheme.eq_ignore_ascii_case("apikey") || sent.is_empty() {
        return Err(missing().wrong());
    }
    if tenant.world.cloud_keys.iter().any(|key| key.secret == sent) {
        return Err(missing().wrong());
    }
    let holder = tenant.world.deployments.iter().find_map(|(name, cluster)| {
        let key = cluster.keys.iter().find(|key| key.encoded == sent)?;
        Some((name, key))
    });
    match holder {
        Some((name, key)) if *name == call.host && !key.expired => Ok(key.clone()),
        // The key of another deployment was sent here.
        Some((name, _)) if *name != call.host => Err(unable().wrong()),
        // A text that is not base64 with a colon in it is not a key.
        None if key_id(sent).is_none() => Err(missing()),
        _ => Err(unable()),
    }
}

/// The deployment's cluster.
pub(super) fn cluster<'r>(
    request: &'r mut Request<'_, Vendor>,
) -> Result<&'r mut Cluster, Refusal> {
    let cluster = request.tenant.world.deployments.get_mut(&request.call.host);
    cluster.ok_or_else(|| Refusal::usual(404))
}

/// The key's owner. The user may not be in this realm: a number, if they signed in through Elastic Cloud.
pub(super) fn authenticate(request: &mut Request<'_, Vendor>) -> Reply {
    let Caller::Deployment(key) = &request.caller else {
        return Err(Refusal::usual(401));
    };
    let realm = json!({"name": "_es_api_key", "type": "_es_api_key"});
    ok(json!({
        "username": key.owner, "roles": [], "full_name": null, "email": null, "metadata": {}, "enabled": true,
        "authentication_realm": realm, "lookup_realm": realm, "authentication_type": "api_key",
        "api_key": {"id": key.id(), "name": "governance", "managed_by": "elasticsearch"},
    }))
}

/// `GET /_security/role`
pub(super) fn roles(request: &mut Request<'_, Vendor>) -> Reply {
    let roles = cluster(request)?.roles.clone();
    keyed(request, roles)
}

/// `GET /_security/role_mapping`, all of them or those with these names.
pub(super) fn mappings(request: &mut Request<'_, Vendor>) -> Reply {
    let mappings = cluster(request)?.mappings.clone();
    keyed(request, mappings)
}

/// An object that is keyed by name: of these rows all, or those that the path names, in any order. A comma separates
/// names, escaped or not, so that a name with a comma in it cannot be asked for. A 404 that says nothing if none of those
/// named is there.
pub(super) fn keyed(request: &Request<'_, Vendor>, rows: Rows) -> Reply {
    let wanted = request.ids.first();
    let is_wanted = |name: &str| wanted.is_none_or(|names| names.split(',').any(|one| one == name));
    let rows = rows.into_iter().filter(|(name, _)| is_wanted(name));
    let mut found: Vec<(String, Value)> = rows.collect();
    if wanted.is_some() && found.is_empty() {
        return Err(Refusal::new(404, "not found").body(json!({})));
    }
    request.tenant.options.ordering.arrange(&mut found);
    let entries: Vec<String> =
        found.iter().map(|(name, row)| format!("{}:{}", json!(name), written(row))).collect();
    let mut answer = Answer::from(json!(format!("{{{}}}", entries.join(","))));
    answer.headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Ok(answer)
}

/// The value as the server, which is written in Java, writes it.
fn written(value: &Value) -> String {
    let mut out = Vec::new();
    // Writing a value into memory does not fail.
    let done = value.serialize(&mut Serializer::with_formatter(&mut out, Java));
    done.ok().and_then(|()| String::from_utf8(out).ok()).unwrap_or_default()
}

/// `Double.toString`: `1.5E10`.
struct Java;

impl Formatter for Java {
    fn write_f64<W: ?Sized + io::Write>(&mut self, out: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size == 0.0 || (1e-3..1e7).contains(&size) {
            return write!(out, "{value:?}");
        }
        let text = format!("{value:E}");
        let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        write!(out, "{digits}{point}E{exponent}")
    }
}
