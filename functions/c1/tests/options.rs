//! What is uploaded is what the task asks for.

use rollcall_simulators::c1::messages::*;
use rollcall_snapshot::Snapshot;

use std::time::Duration;

use rollcall_c1::AgentStatus;
use rollcall_connector::clock::after;
use rollcall_simulators::c1::{CallEffect, CallFault, Rpc};

use crate::world::{Desk, Script, sync_answer};

/// The sync type of an uploaded snapshot, and its numbers of entitlements, grants and inherited grants.
fn described(bytes: &[u8]) -> (String, u64, u64, u64) {
    let snapshot = Snapshot::read(bytes, "the asset").expect("a snapshot");
    let stats = snapshot.stats().expect("readable");
    (
        snapshot.sync().sync_type.clone(),
        stats.entitlements,
        stats.direct_grants,
        stats.derived_grants,
    )
}

#[tokio::test]
async fn the_options_of_a_sync_decide_what_is_uploaded() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    let mut found = Vec::new();
    for options in [
        SyncFullTask { storage_engine: "sqlite".into(), ..Default::default() },
        SyncFullTask {
            storage_engine: "pebble".into(),
            sync_resource_type_ids: vec!["user".into()],
            ..Default::default()
        },
        SyncFullTask { skip_expand_grants: true, ..Default::default() },
        SyncFullTask { skip_grants: true, ..Default::default() },
        SyncFullTask { skip_entitlements_and_grants: true, ..Default::default() },
    ] {
        let id = desk.c1.give(options);
        desk.until_idle(&desk.functions()).await;
        assert!(desk.c1.finish(&id).expect("finished").success, "{}", desk.notes.text());
        let asset =
            desk.c1.assets().into_iter().find(|asset| asset.task_id == id).expect("an asset");
        found.push(described(&asset.bytes));
    }
    let [whole, filtered, unexpanded, without_grants, resources] = found.try_into().expect("five");
    assert!(whole.1 > 0 && whole.2 > 0 && whole.3 > 0, "{whole:?}");
    assert_eq!(filtered, whole, "a filter is answered by everything");
    assert_eq!(unexpanded, ("full".into(), whole.1, whole.2, 0));
    assert_eq!(without_grants, ("full".into(), whole.1, 0, 0));
    assert_eq!(resources, ("resources_only".into(), 0, 0, 0));
}

#[tokio::test]
async fn a_snapshot_that_is_gone_or_another_file_is_not_uploaded() {
    let (desk, _vendor) = Desk::temporal_cloud().await;
    let first = desk.c1.give(SyncFullTask::default());
    desk.until_idle(&desk.functions()).await;
    let folder = desk.folder.path().join("store/snapshots/temporalcloud/default");
    let file = |ending: &str| {
        let files = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path());
        files.into_iter().find(|path| path.display().to_string().ends_with(ending)).expect("a file")
    };
    for (break_it, code, text) in [
        (
            (|path| std::fs::write(path, "another").expect("written")) as fn(std::path::PathBuf),
            13,
            "is not the file that its manifest describes",
        ),
        (|path| std::fs::remove_file(path).expect("removed"), 5, "there is no snapshot"),
    ] {
        break_it(file(".c1z"));
        let mut complete = sync_answer("complete", None, None);
        complete["sync_id"] = (&*first).into();
        desk.c1.give(SyncFullTask::default());
        desk.until_idle(&Script::new([Ok(complete)])).await;
        let finish = desk.c1.finishes().pop().expect("finished");
        assert_eq!(finish.code, code, "{finish:?}");
        assert!(finish.message.contains(text), "{}", finish.message);
    }
}

#[tokio::test]
async fn an_upload_that_outlasts_the_invocations_is_given_up() {
    let (mut desk, _vendor) = Desk::temporal_cloud().await;
    let first = desk.c1.give(SyncFullTask::default());
    desk.until_idle(&desk.functions()).await;
    desk.c1.set_options(|options| options.next_heartbeat = Duration::from_secs(4));
    desk.c1.set_faults([CallFault::once(Rpc::UploadAsset, CallEffect::Hang).times(9)]);
    let id = desk.c1.give(SyncFullTask::default());
    let mut complete = sync_answer("complete", None, None);
    complete["sync_id"] = first.into();
    let script = Script::new(std::iter::repeat_n(Ok(complete), 20));
    loop {
        desk.cx.deadline = Some(after(desk.cx.clock.now(), Duration::from_secs(240)));
        let answer = desk.run(&script).await.expect("an answer");
        match answer.status {
            AgentStatus::Idle => break,
            _ => desk.wait_until(answer.resume_at.expect("a time")),
        }
    }
    assert_eq!(desk.c1.finish(&id).expect("finished").code, 4);
    assert_eq!(desk.c1.calls_to(Rpc::UploadAsset).len(), 1 + 3);
}
