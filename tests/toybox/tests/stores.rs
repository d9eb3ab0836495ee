//! Stores that cannot be written, and a full scratch disk.

use std::path::Path;
use std::sync::Arc;

use Operation::{Grant, Revoke, Sync};
use rollcall_engine::runtime::function::Operation;
use rollcall_engine::store::folder::Folder;
use rollcall_harness::bad_input::{Failure, every_operation_fails, fails, failure, works};
use rollcall_harness::conformance::Subject;

use crate::world::{Desk, Simulated};

const fn misconfigured(code: &'static str, message: &'static str, fix: &'static str) -> Failure {
    failure("Misconfigured", code, message, fix)
}

const FIX: &str = "Give this user permission to write to the store's folder";
const NOT_READABLE: Failure = misconfigured("StoreNotReadable", "could not read", FIX);
const NOT_WRITABLE: Failure = misconfigured("StoreNotWritable", "could not write", FIX);

fn write(path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, "in the way").expect("written");
}

#[tokio::test]
async fn a_store_that_is_no_folder_fails_every_operation_before_anything_is_asked() {
    let mut desk = Desk::new().await;
    let file = desk.store().with_file_name("a-file");
    write(&file);
    for (store, expected) in [
        (file.clone(), NOT_READABLE),
        (file.join("below"), NOT_READABLE),
        // The kernel's own folder accepts no files from anybody.
        ("/proc/rollcall-data".into(), NOT_WRITABLE),
    ] {
        desk.cx.store = Arc::new(Folder::new(&store));
        every_operation_fails(&desk, &store.display().to_string(), expected).await;
        assert!(desk.vendor.requests().is_empty(), "the vendor was asked");
    }
    desk.afresh();
    works(&desk, "a store that is no folder").await;
}

/// A sync publishes nothing, and a write that cannot be recorded is not sent.
#[tokio::test]
async fn a_part_of_the_store_that_takes_nothing_fails_what_needs_it() {
    let desk = Desk::new().await;
    for (blocked, operations, expected) in [
        ("snapshots", &[Sync][..], NOT_WRITABLE),
        ("snapshots/toybox", &[Sync], NOT_WRITABLE),
        ("latest", &[Sync], NOT_READABLE),
        ("locks", &[Sync], NOT_READABLE),
        ("locks/toybox", &[Grant, Revoke], NOT_READABLE),
        ("audit", &[Grant, Revoke], NOT_READABLE),
        ("audit/toybox/default", &[Grant, Revoke], NOT_READABLE),
    ] {
        for &operation in operations {
            write(&desk.file(blocked));
            fails(&desk, operation, Simulated::good(operation), blocked, expected).await;
            std::fs::remove_file(desk.file(blocked)).expect("removed");
            works(&desk, blocked).await;
            std::fs::remove_dir_all(desk.store()).expect("removed");
        }
    }
}

#[tokio::test]
async fn a_full_scratch_disk_publishes_nothing_and_spoils_nothing() {
    let mut desk = Desk::new().await;
    let expected = works(&desk, "nothing").await["content_digest"].clone();
    let full = "the disk of the working database is full";
    let (full, mut failed) = (misconfigured("ScratchFull", full, "more ephemeral storage"), 0);
    for pages in (1..).step_by(3) {
        desk.afresh();
        desk.cx.settings.max_pages = Some(pages);
        // If it is enough, nothing else is visible.
        if desk.sync().await.is_ok() {
            break;
        }
        desk.afresh();
        let wrong = format!("{pages} pages");
        fails(&desk, Sync, Simulated::good(Sync), &wrong, full).await;
        failed += 1;
        desk.cx.settings.max_pages = None;
        assert_eq!(works(&desk, &wrong).await["content_digest"], expected, "after {wrong}");
    }
    assert!(failed > 5, "the disk was full {failed} times only");
}

#[tokio::test]
async fn a_scratch_folder_that_is_none_is_the_operators_to_mend() {
    let mut desk = Desk::new().await;
    let file = desk.store().with_file_name("scratch");
    write(&file);
    let expected = misconfigured("ScratchFailed", "the working database failed", "sound disk");
    for folder in [file.clone(), file.with_file_name("nowhere")] {
        desk.cx.settings.scratch = Some(folder);
        fails(&desk, Sync, Simulated::good(Sync), "no scratch folder", expected).await;
    }
    desk.cx.settings.scratch = None;
    works(&desk, "no scratch folder").await;
}
