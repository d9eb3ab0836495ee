//! `rollcall publish`, and the end of a sync: makes what follows a published snapshot.

use rollcall_connector::event::{SyncAnswer, SyncStatus};
use rollcall_connector::{Chain, Error};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::context::Context;
use rollcall_engine::store::get_json;
use rollcall_engine::store::keys::Keys;
use rollcall_published::bus::Bus;
use rollcall_published::{Products, PublishedAnswer, PublishedEvent, publish};

use crate::args::{Place, PublishArgs, Target};
use crate::failure::{Exit, Failure};
use crate::output::{self, Report, ReportFormat};
use crate::snapshot::nothing;

/// Runs `rollcall publish`.
pub(crate) async fn run(args: PublishArgs, place: Place) -> Result<Exit, Failure> {
    let target = Target { connector: args.connector, place };
    let cx = Context::from_environment_with_store(target.place.store.clone())?;
    let keys = Keys { connector: &target.connector, connection: target.connection() };
    let sync_id = match args.sync_id {
        Some(id) => id,
        None => {
            let pointer = keys.latest();
            let latest = get_json::<Latest>(&*cx.store, &pointer).await?;
            latest.ok_or_else(|| nothing(&cx.store.place(&pointer)))?.0.sync_id
        }
    };
    let answer = of(&cx, keys, sync_id).await?;
    match args.output {
        ReportFormat::Json => output::json(&answer)?,
        ReportFormat::Table => report(&cx, &answer).print()?,
    }
    Ok(Exit::Done)
}

/// Makes what follows the snapshot of a sync that is complete. The sync has succeeded, whether this does or not.
pub(crate) async fn after(cx: &Context, target: &Target, answer: &SyncAnswer) {
    let (SyncStatus::Complete, Some(sync_id)) = (answer.status, &answer.sync_id) else { return };
    let keys = Keys { connector: &target.connector, connection: target.connection() };
    match of(cx, keys, sync_id.clone()).await {
        Ok(made) => warn(&made),
        Err(e) => {
            output::note(&format!("not published: {}: {} {}", e.code(), Chain(&e), e.fix()));
            let words = ["publish", &target.connector, "--sync-id", sync_id];
            output::note(&format!("to try again: {}", target.command(&words)));
        }
    }
}

async fn of(cx: &Context, keys: Keys<'_>, sync_id: String) -> Result<PublishedAnswer, Error> {
    let (connector, connection) = (keys.connector.to_owned(), keys.connection.to_owned());
    let event = PublishedEvent { connector, connection, sync_id };
    let bus = Bus::from_environment(cx).await;
    publish(cx, &event, Products::from_environment()?, bus.as_ref()).await
}

fn warn(made: &PublishedAnswer) {
    for warning in &made.warnings {
        output::note(&format!("{}: {}", warning.code, warning.message));
    }
}

fn report(cx: &Context, made: &PublishedAnswer) -> Report {
    let mut report = Report::default();
    report.add("connection", format!("{}/{}", made.connector, made.connection));
    report.add("sync", &made.sync_id);
    report.each("compared with", &made.previous_sync_id);
    report.each("written", made.written.iter().map(|key| cx.store.place(key)));
    report.each("warning", made.warnings.iter().map(|w| format!("{}: {}", w.code, w.message)));
    report
}
