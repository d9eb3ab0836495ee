//! The tour of one connector: the same for all of them.

use std::fmt::Display;
use std::io::Write;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rollcall_connector::clock::{Manual, System};
use rollcall_connector::http::Transport;
use rollcall_connector::{Chain, Error};
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Environment;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_engine::store::folder::Folder;
use rollcall_simulators::{Configuration, Server};
use rollcall_snapshot::{Difference, DifferenceKind, Snapshot, compare};
use serde_json::{Value, json};

pub(crate) type Failed = Box<dyn std::error::Error>;

/// Writes a line. A failure of standard output cannot be reported anywhere.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

pub(crate) fn heading(text: &str) {
    line(format_args!("\n── {text}"));
}

/// Writes a line below a heading.
pub(crate) fn item(text: impl Display) {
    line(format_args!("   {text}"));
}

pub(crate) struct Vendor<S> {
    pub(crate) sim: S,
    pub(crate) secret: Configuration,
    pub(crate) tale: Tale<S>,
}

/// The part of the tour about a connector.
pub(crate) enum Tale<S> {
    /// It changes access: a grant to show, a revocation that is refused, and maybe a grant that ends by itself.
    Changes { grant: Change, refused: Change, temporary: Option<Change> },
    /// It only reads: what happens at the vendor between two syncs, and to whom.
    Reads { what: &'static str, principal: &'static str, change: fn(&S) },
}

pub(crate) struct Change {
    pub(crate) what: &'static str,
    pub(crate) entitlement: &'static str,
    pub(crate) principal: &'static str,
}

pub(crate) struct Tour<S> {
    vendor: Vendor<S>,
    entry: Entry,
    cx: Context,
    store: PathBuf,
}

impl<S: Deref<Target = Server>> Tour<S> {
    pub(crate) fn begin(store: &Path, entry: Entry, vendor: Vendor<S>) -> Result<Self, Failed> {
        let cx = Context::new(
            Arc::new(Folder::new(store)),
            Arc::new(Environment::new(vendor.secret.variables())),
            Arc::new(System),
            Transport::new(None)?,
        );
        line(format_args!("\n═══ {}", entry.about.display_name));
        Ok(Self { vendor, entry, cx, store: store.to_owned() })
    }

    /// Shows the connector. Returns the vendor, which goes on serving until it is dropped.
    pub(crate) async fn run(mut self) -> Result<S, Failed> {
        heading("A first sync");
        let first = self.sync().await?;
        match &self.vendor.tale {
            Tale::Changes { grant, refused, temporary } => {
                self.path_of(&first, grant.principal)?;
                self.grant(grant).await?;
                self.refused(refused).await?;
                self.again(&first, grant.principal).await?;
                self.revoke(grant).await?;
                if let Some(change) = temporary {
                    self.temporary(change).await?;
                }
            }
            Tale::Reads { what, principal, change } => {
                self.path_of(&first, principal)?;
                heading("At the vendor");
                item(what);
                change(&self.vendor.sim);
                self.again(&first, principal).await?;
            }
        }
        self.interrupted(&first).await?;
        Ok(self.vendor.sim)
    }

    async fn again(&self, first: &Value, principal: &str) -> Result<(), Failed> {
        heading("A second sync, and the changes");
        let second = self.sync().await?;
        self.differences(first, &second)?;
        self.path_of(&second, principal)
    }

    async fn invoke(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        self.entry.invoke(&self.cx, operation, &event).await
    }

    async fn change(
        &self,
        operation: Operation,
        change: &Change,
        request_id: &str,
        dry_run: bool,
    ) -> Result<Value, Error> {
        let Change { entitlement, principal, .. } = change;
        let event = json!({"request_id": request_id, "entitlement": entitlement, "principal": principal, "dry_run": dry_run});
        self.invoke(operation, event).await
    }

    async fn sync(&self) -> Result<Value, Failed> {
        let (began, calls) = (Instant::now(), self.vendor.sim.calls());
        let answer = self.invoke(Operation::Sync, json!({})).await?;
        let [resources, entitlements, grants, expanded] =
            ["resources", "entitlements", "grants", "expanded"].map(|what| &answer["counts"][what]);
        let status = text(&answer, "status");
        item(format_args!(
            "{status}: {resources} resources, {entitlements} entitlements, {grants} grants, and {expanded} inherited ones"
        ));
        let (calls, seconds) = (self.vendor.sim.calls() - calls, began.elapsed().as_secs_f64());
        let digest = text(&answer, "content_digest");
        item(format_args!("{calls} requests, {seconds:.2} s; content digest {digest:.16}…"));
        item(format_args!("snapshot {}", text(&answer, "snapshot")));
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            let (code, message) = (text(warning, "code"), text(warning, "message"));
            item(format_args!("warning {code}: {message}"));
        }
        Ok(answer)
    }

    fn open(&self, answer: &Value) -> Result<Snapshot, Failed> {
        let key = answer["snapshot"].as_str().ok_or("no snapshot")?;
        Ok(Snapshot::open(&self.store.join(key))?)
    }

    fn path_of(&self, answer: &Value, principal: &str) -> Result<(), Failed> {
        let access = self.open(answer)?.access(principal)?;
        let name = &access.principal.display_name;
        item(format_args!("{name} ({principal}) has:"));
        for path in access.holds.iter().flat_map(|held| &held.paths) {
            item(format_args!("  {}", access.path(path)));
        }
        Ok(())
    }

    async fn grant(&self, change: &Change) -> Result<(), Failed> {
        heading("A grant");
        item(change.what);
        for (what, request_id, dry_run) in [
            ("dry run", "demo-grant", true),
            ("grant", "demo-grant", false),
            ("same request again", "demo-grant", false),
            ("another request for the same grant", "demo-grant-2", false),
        ] {
            let calls = self.vendor.sim.calls();
            let answer = self.change(Operation::Grant, change, request_id, dry_run).await?;
            let (outcome, calls) = (text(&answer, "outcome"), self.vendor.sim.calls() - calls);
            item(format_args!("{what}: {outcome} ({calls} requests)"));
        }
        item("audit record: audit/…/demo-grant/intended.json and observed.json");
        Ok(())
    }

    async fn refused(&self, change: &Change) -> Result<(), Failed> {
        heading("A refusal");
        item(change.what);
        let answer = self.change(Operation::Revoke, change, "demo-refused", false).await;
        let e = answer.err().ok_or("this should have been refused")?;
        item(format_args!("{} ({}): {}", e.kind(), e.code(), Chain(&e)));
        item(format_args!("fix: {}", e.fix()));
        Ok(())
    }

    async fn revoke(&self, change: &Change) -> Result<(), Failed> {
        heading("The grant is revoked");
        let answer = self.change(Operation::Revoke, change, "demo-revoke", false).await?;
        let removed = answer["removed"].as_array().into_iter().flatten();
        let removed: Vec<&str> = removed.filter_map(Value::as_str).collect();
        item(format_args!("{}: {}", text(&answer, "outcome"), removed.join(", ")));
        Ok(())
    }

    async fn temporary(&self, change: &Change) -> Result<(), Failed> {
        heading("A grant that ends by itself");
        item(change.what);
        let Change { entitlement, principal, .. } = change;
        let event = json!({"request_id": "demo-temporary", "entitlement": entitlement, "principal": principal, "duration": "PT4H"});
        let granted = self.invoke(Operation::Grant, event).await?;
        let ends_at = text(&granted, "expires_at");
        item(format_args!("{} until {ends_at}", text(&granted, "outcome")));
        // In AWS, a schedule sends this event.
        let end = json!({"expiration": granted["expiration"]});
        let early = self.invoke(Operation::Revoke, end.clone()).await?;
        item(format_args!(
            "an event for its end that comes too early: {}",
            text(&early, "outcome")
        ));
        let cx = Context { clock: Arc::new(Manual::at(ends_at.parse()?)), ..self.cx.clone() };
        let ended = self.entry.invoke(&cx, Operation::Revoke, &end).await?;
        item(format_args!("four hours later: {}", text(&ended, "outcome")));
        Ok(())
    }

    async fn interrupted(&mut self, first: &Value) -> Result<(), Failed> {
        heading("A sync that is interrupted, and resumed");
        self.cx.settings.max_steps = Some(5);
        let cut = self.invoke(Operation::Sync, json!({})).await?;
        let (status, reason) = (text(&cut, "status"), text(&cut, "reason"));
        item(format_args!("after five steps: {status} (reason: {reason}); nothing is published"));
        let busy = self.invoke(Operation::Sync, json!({})).await?;
        item(format_args!("another run in the meantime: {}", text(&busy, "status")));
        self.cx.settings.max_steps = None;
        let answer = self.invoke(Operation::Sync, json!({"sync_id": cut["sync_id"]})).await?;
        item(format_args!("resumed: {}", text(&answer, "status")));
        item("differences from the first sync:");
        self.differences(first, &answer)
    }

    fn differences(&self, old: &Value, new: &Value) -> Result<(), Failed> {
        compare(&self.open(old)?, &self.open(new)?, |difference| {
            item(described(&difference));
            Ok::<(), Error>(())
        })?;
        Ok(())
    }
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_default()
}

fn described(difference: &Difference) -> String {
    let sign = match difference.change {
        DifferenceKind::Created => '+',
        DifferenceKind::Deleted => '-',
        DifferenceKind::Changed => '~',
    };
    let object = json!(difference.object).as_str().unwrap_or_default().replace('_', " ");
    let fields: Vec<&str> = difference.fields.iter().map(|f| f.name.as_str()).collect();
    let fields =
        if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
    format!("{sign} {object} {}{fields}", difference.id)
}
