//! Stores that cannot be written, and a scratch disk without room.

use std::path::Path;
use std::sync::Arc;

use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::folder::Folder;
use rollcall_harness::bad_input::{Failure, Inputs, fails, failure, works};
use rollcall_harness::conformance::Subject;

use crate::{Desk, Simulated};

const FIX: &str = "Let this user write to the store's folder";
const NOT_READABLE: Failure = failure("Misconfigured", "StoreNotReadable", "could not read", FIX);
const NOT_WRITABLE: Failure = failure("Misconfigured", "StoreNotWritable", "could not write", FIX);
const FULL: Failure = failure(
    "Misconfigured",
    "ScratchFull",
    "the working database has no room left",
    "more ephemeral storage",
);

fn write(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, "in the way").expect("written");
}

#[tokio::test]
async fn a_store_that_is_no_folder_fails_every_operation_before_anything_is_asked() {
    let mut desk = Desk::new().await;
    let good_store = desk.cx.store.clone();
    let file = desk.store().with_file_name("a-file");
    write(&file);
    // The kernel's own folder takes no files, whoever asks.
    let foreign = Path::new("/proc/rollcall-data").to_owned();
    for (store, expected) in [
        (file.clone(), NOT_READABLE),
        (file.join("below"), NOT_READABLE),
        (foreign, NOT_WRITABLE),
    ] {
        desk.cx.store = Arc::new(Folder::new(&store));
        for operation in Operation::ALL {
            fails(
                &desk,
                operation,
                Simulated::good(operation),
                &store.display().to_string(),
                expected,
            )
            .await;
            assert!(desk.vendor.requests().is_empty(), "the vendor was asked");
        }
    }
    desk.cx.store = good_store;
    works(&desk, "a store that is no folder").await;
}

#[tokio::test]
async fn a_store_that_takes_no_snapshot_publishes_nothing() {
    let desk = Desk::new().await;
    for (blocked, expected) in [
        ("snapshots", NOT_WRITABLE),
        ("snapshots/temporalcloud", NOT_WRITABLE),
        ("latest", NOT_READABLE),
        ("locks", NOT_READABLE),
    ] {
        write(&desk.file(blocked));
        fails(
            &desk,
            Operation::Sync,
            Simulated::good(Operation::Sync),
            blocked,
            expected,
        )
        .await;
        std::fs::remove_file(desk.file(blocked)).expect("removed");
        works(&desk, blocked).await;
        std::fs::remove_dir_all(desk.store()).expect("removed");
    }
}

#[tokio::test]
async fn a_write_that_cannot_be_recorded_is_not_sent() {
    let desk = Desk::new().await;
    for operation in [
        Operation::Grant,
        Operation::Revoke,
        Operation::CreateAccount,
        Operation::DeleteAccount,
    ] {
        for blocked in [
            "audit",
            "audit/temporalcloud/default",
            "locks/temporalcloud",
        ] {
            write(&desk.file(blocked));
            fails(
                &desk,
                operation,
                Simulated::good(operation),
                blocked,
                NOT_READABLE,
            )
            .await;
            std::fs::remove_dir_all(desk.store()).expect("removed");
        }
    }
}

#[tokio::test]
async fn a_full_scratch_disk_publishes_nothing_and_spoils_nothing() {
    let mut whole = Desk::new().await;
    let expected = works(&whole, "nothing").await["content_digest"].clone();
    whole.afresh();
    let mut desk = whole;
    let mut failed = 0;
    for pages in (1..).step_by(3) {
        desk.cx.settings.max_pages = Some(pages);
        // Where it is enough, there is nothing more to see.
        if desk.sync().await.is_ok() {
            break;
        }
        desk.afresh();
        fails(
            &desk,
            Operation::Sync,
            Simulated::good(Operation::Sync),
            &format!("{pages} pages"),
            FULL,
        )
        .await;
        failed += 1;
        desk.cx.settings.max_pages = None;
        let answer = works(&desk, "a full scratch disk").await;
        assert_eq!(answer["content_digest"], expected, "after {pages} pages");
    }
    assert!(failed > 10, "the disk was full {failed} times only");
}

#[tokio::test]
async fn a_scratch_folder_that_is_none_is_the_operators_to_mend() {
    let mut desk = Desk::new().await;
    let file = desk.store().with_file_name("scratch");
    write(&file);
    for folder in [file.clone(), file.with_file_name("nowhere")] {
        desk.cx.settings.scratch = Some(folder);
        let expected = failure(
            "Misconfigured",
            "ScratchFailed",
            "the working database failed",
            "sound disk",
        );
        fails(
            &desk,
            Operation::Sync,
            Simulated::good(Operation::Sync),
            "no scratch folder",
            expected,
        )
        .await;
    }
    desk.cx.settings.scratch = None;
    works(&desk, "no scratch folder").await;
}
