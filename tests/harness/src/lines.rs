//! A snapshot in lines, and how tests write down what they expect of one.

use rollcall_snapshot::{Entitlement, Grant, Resource};
use serde_json::Value;

use crate::shown::Shown;

/// Every record as a line: resources, entitlements and grants, each in the order of their ids.
pub fn all(shown: &Shown) -> Vec<String> {
    let resources = shown.resources.values().map(resource);
    let entitlements = shown.entitlements.values().map(entitlement);
    let whole = |g: &Grant| line([grant(g), told("v1 ", g.v1_identifier.as_deref())]);
    resources.chain(entitlements).chain(shown.grants.values().map(whole)).collect()
}

/// The lines of these texts, as a snapshot has them: of each kind in the order of the ids. `# Resources`,
/// `# Entitlements` and `# Grants` begin a kind; abbreviations are written out.
pub fn expected(texts: &[&str], abbreviations: &[(&str, &str)]) -> Vec<String> {
    let written_out = |line: &str| {
        abbreviations.iter().fold(line.to_owned(), |line, (short, id)| line.replace(short, id))
    };
    let mut kinds = [Vec::new(), Vec::new(), Vec::new()];
    for text in texts {
        let mut kind = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line {
                "# Resources" => kind = 0,
                "# Entitlements" => kind = 1,
                "# Grants" => kind = 2,
                line => kinds[kind].push(written_out(line)),
            }
        }
    }
    for lines in &mut kinds {
        lines.sort_by(|a, b| id(a).cmp(id(b)));
    }
    kinds.concat()
}

fn id(line: &str) -> &str {
    line.split(" | ").next().unwrap_or_default()
}

pub fn line(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" | ")
}

pub fn told(before: &str, what: Option<&str>) -> String {
    what.filter(|text| !text.is_empty()).map(|text| format!("{before}{text}")).unwrap_or_default()
}

pub fn immutable(is: bool) -> String {
    told("", is.then_some("immutable"))
}

pub fn status(r: &Resource) -> String {
    format!("{} {}", r.status.unwrap_or("-"), r.status_details).trim().to_owned()
}

pub fn profile(r: &Resource) -> String {
    let plain =
        |value: &Value| value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
    let pairs = r.profile.iter();
    pairs.map(|(key, value)| format!("{key}={}", plain(value))).collect::<Vec<_>>().join(" ")
}

/// A resource with all of its data.
pub fn resource(r: &Resource) -> String {
    let said = |what: &str, is: Option<bool>| is.map_or(String::new(), |is| format!("{what} {is}"));
    line([
        r.id.clone(),
        format!("‘{}’", r.display_name),
        r.description.clone(),
        r.traits.join("+"),
        status(r),
        told("", r.account_type),
        r.emails.join(","),
        told("signs in as ", Some(&r.login)),
        told("in ", r.parent.as_deref()),
        told("since ", r.created_at.as_deref()),
        told("seen ", r.last_login.as_deref()),
        said("mfa", r.mfa),
        said("sso", r.sso),
        told("v1 ", r.v1_identifier.as_deref()),
        told("alias ", Some(&r.aliases.join(","))),
        profile(r),
    ])
}

/// An entitlement: its purpose, and whether and to whom it can be granted.
pub fn entitlement(e: &Entitlement) -> String {
    line([
        e.id.clone(),
        e.purpose.unwrap_or("-").to_owned(),
        format!("‘{}’", e.display_name),
        format!("‘{}’", e.description),
        format!("to {}", e.grantable_to.join(",")),
        told("one of ", e.exclusion_group.as_deref()),
        told("v1 ", e.v1_identifier.as_deref()),
        immutable(e.immutable),
    ])
}

/// A grant: whether it can be revoked, to whom it expands, and its sources.
pub fn grant(g: &Grant) -> String {
    let through = g.expandable.as_ref().map(|e| e.entitlements.join(","));
    let from: Vec<&str> = g.sources.keys().map(String::as_str).collect();
    line([
        g.id.clone(),
        immutable(g.immutable),
        told("passed on to ", through.as_deref()),
        told("known elsewhere as ", g.external_id.as_deref()),
        told("from ", Some(&from.join(","))),
    ])
}
