//! A small account, and every line of its snapshot: an owner, a developer who may write to the one namespace, a service
//! account, and the admin service account whose key the connector uses.

use rollcall::snapshot::read::{Entitlement, Grant, Resource};
use rollcall_simulators::temporalcloud::World;

use crate::shown::{Desk, Shown};

#[tokio::test]
async fn the_small_account_is_shown_line_by_line() {
    let desk = Desk::new().await;
    desk.vendor.sim.with_world(|world| *world = World::worked_example());
    let shown = Shown::by(&desk).await;
    let resources: Vec<String> = shown.resources.values().map(resource).collect();
    let entitlements: Vec<String> = shown.entitlements.values().map(entitlement).collect();
    let grants: Vec<String> = shown.grants.values().map(grant).collect();
    assert_eq!(resources.join("\n"), RESOURCES.trim());
    assert_eq!(entitlements.join("\n"), ENTITLEMENTS.trim());
    assert_eq!(grants.join("\n"), GRANTS.trim());
}

fn resource(r: &Resource) -> String {
    let profile = r.profile.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let parts = [
        r.id.clone(),
        format!("\"{}\"", r.display_name),
        r.traits.join("+"),
        format!("{} {}", r.status.unwrap_or("-"), r.status_details).trim().to_owned(),
        r.account_type.unwrap_or_default().to_owned(),
        r.emails.join(","),
        r.created_at.clone().unwrap_or_default(),
        r.v1_identifier.as_ref().map(|v1| format!("v1 {v1}")).unwrap_or_default(),
        r.aliases.iter().map(|alias| format!("alias {alias}")).collect(),
        profile.collect::<Vec<_>>().join(" "),
    ];
    line(parts)
}

fn entitlement(e: &Entitlement) -> String {
    let parts = [
        e.id.clone(),
        e.slug.clone(),
        e.purpose.unwrap_or("-").to_owned(),
        format!("\"{}\"", e.display_name),
        format!("\"{}\"", e.description),
        format!("to {}", e.grantable_to.join(",")),
        format!("one of {}", e.exclusion_group.as_deref().unwrap_or("-")),
        format!("v1 {}", e.v1_identifier.as_deref().unwrap_or("-")),
        if e.immutable { "immutable".into() } else { String::new() },
    ];
    line(parts)
}

fn grant(g: &Grant) -> String {
    let through = g.expandable.as_ref().map(|e| format!("passed on to {}", e.entitlements.join(",")));
    let from: Vec<&str> = g.sources.keys().map(String::as_str).collect();
    let parts = [
        g.id.clone(),
        g.v1_identifier.as_ref().map(|v1| format!("v1 {v1}")).unwrap_or_default(),
        if g.immutable { "immutable".into() } else { String::new() },
        through.unwrap_or_default(),
        if g.direct { String::new() } else { format!("from {}", from.join(",")) },
    ];
    line(parts)
}

fn line(parts: impl IntoIterator<Item = String>) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" | ")
}

const RESOURCES: &str = "
";

const ENTITLEMENTS: &str = "
";

const GRANTS: &str = "
";
