//! The tour of one connector: the same for all of them.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use rollcall_connector::clock::System;
use rollcall_connector::http::Transport;
use rollcall_connector::{Chain, Error};
use rollcall_engine::context::Context;
use rollcall_engine::context::secrets::Environment;
use rollcall_engine::runtime::function::{Entry, Operation};
use rollcall_engine::store::folder::Folder;
use rollcall_snapshot::{Difference, DifferenceKind, RecordKind, Snapshot, compare};
use serde_json::{Value, json};

use crate::page::Page;

type Failed = Box<dyn std::error::Error>;

/// A vendor that can be shown.
#[async_trait]
pub(crate) trait Guide: Sized + Send + Sync {
    /// Starts its simulator.
    async fn start() -> std::io::Result<Self>;
    /// The variables that lead to the simulator.
    fn secret(&self) -> Vec<(String, String)>;
    /// How many requests the simulator has seen.
    fn calls(&self) -> usize;
    /// What there is to tell.
    fn tale() -> Tale;
    /// What happens at the vendor between two syncs, if Rollcall changes nothing there.
    fn meanwhile(&self) {}
}

/// What there is to tell of a connector.
pub(crate) enum Tale {
    /// It changes access: a grant to show, and a revocation that is refused.
    Changes { change: Change, refusal: Change },
    /// It only looks: what happens at the vendor, and to whom.
    Looks {
        what: &'static str,
        principal: &'static str,
    },
}

/// A change of access.
pub(crate) struct Change {
    pub(crate) who: &'static str,
    pub(crate) entitlement: &'static str,
    pub(crate) principal: &'static str,
}

impl Change {
    fn event(&self, request_id: &str) -> Value {
        json!({"request_id": request_id, "entitlement": self.entitlement, "principal": self.principal})
    }
}

/// A tour of one connector.
pub(crate) struct Tour<'a, G> {
    page: &'a mut Page,
    vendor: G,
    entry: Entry,
    cx: Context,
    store: PathBuf,
    guide: PhantomData<G>,
}

impl<'a, G: Guide> Tour<'a, G> {
    pub(crate) async fn begin(
        page: &'a mut Page,
        store: &Path,
        entry: Entry,
    ) -> Result<Self, Failed> {
        let vendor = G::start().await?;
        let cx = Context::new(
            Arc::new(Folder::new(store)),
            Arc::new(Environment::new(vendor.secret())),
            Arc::new(System),
            Transport::new(None)?,
        );
        page.line(&format!("\n═══ {}", entry.about.display_name));
        Ok(Self {
            page,
            vendor,
            entry,
            cx,
            store: store.to_owned(),
            guide: PhantomData,
        })
    }

    pub(crate) async fn go(mut self) -> Result<(), Failed> {
        self.page.heading("A first sync");
        let first = self.sync().await?;
        match G::tale() {
            Tale::Changes { change, refusal } => {
                self.path_of(&first, change.principal)?;
                self.grant(&change).await?;
                self.refused(&refusal).await?;
                self.again(&first, change.principal).await?;
                self.revoke(&change).await?;
            }
            Tale::Looks { what, principal } => {
                self.path_of(&first, principal)?;
                self.page.heading("At the vendor");
                self.page.item(what);
                self.vendor.meanwhile();
                self.again(&first, principal).await?;
            }
        }
        self.cut(&first).await
    }

    async fn again(&mut self, first: &Value, principal: &str) -> Result<(), Failed> {
        self.page.heading("A second sync, and what changed");
        let second = self.sync().await?;
        self.differences(first, &second)?;
        self.path_of(&second, principal)
    }

    async fn invoke(&self, operation: Operation, event: Value) -> Result<Value, Error> {
        self.entry.invoke(&self.cx, operation, &event).await
    }

    async fn sync(&mut self) -> Result<Value, Failed> {
        let (began, calls) = (Instant::now(), self.vendor.calls());
        let answer = self.invoke(Operation::Sync, json!({})).await?;
        let counts = &answer["counts"];
        self.page.item(&format!(
            "{}: {} resources, {} entitlements, {} grants, and {} more that follow from them",
            answer["status"].as_str().unwrap_or_default(),
            counts["resources"],
            counts["entitlements"],
            counts["grants"],
            counts["expanded"],
        ));
        self.page.item(&format!(
            "{} requests, {:.2} s; content digest {}…",
            self.vendor.calls() - calls,
            began.elapsed().as_secs_f64(),
            &answer["content_digest"].as_str().unwrap_or_default()[..16],
        ));
        self.page.item(&format!(
            "snapshot {}",
            answer["snapshot"].as_str().unwrap_or_default()
        ));
        for warning in answer["warnings"].as_array().into_iter().flatten() {
            let text = |key: &str| warning[key].as_str().unwrap_or_default().to_owned();
            self.page
                .item(&format!("warning {}: {}", text("code"), text("message")));
        }
        Ok(answer)
    }

    fn open(&self, answer: &Value) -> Result<Snapshot, Failed> {
        let key = answer["snapshot"].as_str().ok_or("no snapshot")?;
        Ok(Snapshot::open(&self.store.join(key))?)
    }

    fn path_of(&mut self, answer: &Value, principal: &str) -> Result<(), Failed> {
        let access = self.open(answer)?.access(principal)?;
        self.page.item(&format!(
            "{} ({principal}) holds:",
            access.principal.display_name
        ));
        for held in &access.holds {
            for path in &held.paths {
                self.page.item(&format!("  {}", access.path(path)));
            }
        }
        Ok(())
    }

    async fn grant(&mut self, change: &Change) -> Result<(), Failed> {
        self.page.heading("A grant");
        self.page.item(change.who);
        let mut rehearsal = change.event("demo-grant");
        rehearsal["dry_run"] = true.into();
        for (what, event) in [
            ("dry run", rehearsal),
            ("grant", change.event("demo-grant")),
            ("same request again", change.event("demo-grant")),
            ("another request for the same", change.event("demo-grant-2")),
        ] {
            let calls = self.vendor.calls();
            let answer = self.invoke(Operation::Grant, event).await?;
            let calls = self.vendor.calls() - calls;
            self.page.item(&format!(
                "{what}: {} ({calls} requests)",
                answer["outcome"].as_str().unwrap_or_default()
            ));
        }
        self.page
            .item("audit record: audit/…/demo-grant/intended.json and observed.json");
        Ok(())
    }

    async fn refused(&mut self, change: &Change) -> Result<(), Failed> {
        self.page.heading("A refusal");
        self.page.item(change.who);
        match self
            .invoke(Operation::Revoke, change.event("demo-refused"))
            .await
        {
            Ok(answer) => Err(format!("this should have been refused: {answer}").into()),
            Err(e) => {
                self.page
                    .item(&format!("{} ({}): {}", e.kind(), e.code(), Chain(&e)));
                self.page.item(&format!("what to do: {}", e.fix()));
                Ok(())
            }
        }
    }

    async fn revoke(&mut self, change: &Change) -> Result<(), Failed> {
        self.page.heading("The grant is revoked");
        let answer = self
            .invoke(Operation::Revoke, change.event("demo-revoke"))
            .await?;
        let removed: Vec<&str> = answer["removed"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        self.page.item(&format!(
            "{}: {}",
            answer["outcome"].as_str().unwrap_or_default(),
            removed.join(", ")
        ));
        Ok(())
    }

    async fn cut(&mut self, first: &Value) -> Result<(), Failed> {
        self.page.heading("A sync that is cut, and goes on");
        self.cx.settings.max_steps = Some(5);
        let cut = self.invoke(Operation::Sync, json!({})).await?;
        self.page.item(&format!(
            "after five steps: {} (reason: {}); nothing is published",
            cut["status"].as_str().unwrap_or_default(),
            cut["reason"].as_str().unwrap_or_default(),
        ));
        let busy = self.invoke(Operation::Sync, json!({})).await?;
        self.page.item(&format!(
            "another run meanwhile: {}",
            busy["status"].as_str().unwrap_or_default()
        ));
        self.cx.settings.max_steps = None;
        let answer = self
            .invoke(Operation::Sync, json!({"sync_id": cut["sync_id"]}))
            .await?;
        self.page.item(&format!(
            "resumed: {}",
            answer["status"].as_str().unwrap_or_default()
        ));
        self.page.item("what differs from the first sync:");
        self.differences(first, &answer)?;
        Ok(())
    }

    fn differences(&mut self, old: &Value, new: &Value) -> Result<(), Failed> {
        let (old, new) = (self.open(old)?, self.open(new)?);
        let mut lines = Vec::new();
        compare::<Error>(&old, &new, |difference| {
            lines.push(line(&difference));
            Ok(())
        })?;
        for line in lines {
            self.page.item(&line);
        }
        Ok(())
    }
}

fn line(difference: &Difference) -> String {
    let sign = match difference.change {
        DifferenceKind::Created => '+',
        DifferenceKind::Deleted => '-',
        DifferenceKind::Changed => '~',
    };
    let object = match difference.object {
        RecordKind::ResourceType => "resource type",
        RecordKind::Resource => "resource",
        RecordKind::Entitlement => "entitlement",
        RecordKind::Grant => "grant",
    };
    let fields: Vec<&str> = difference.fields.iter().map(|f| f.name.as_str()).collect();
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!(" ({})", fields.join(", "))
    };
    format!("{sign} {object} {}{fields}", difference.id)
}
