//! A tour of Rollcall: simulated vendors inside this process, the real handlers, a store in a folder.
//!
//! Nothing here is needed to run Rollcall; it shows what running it looks like.

mod buildkite;
mod confluence;
mod elastic;
mod northflank;
mod page;
mod temporalcloud;
mod tour;

use std::path::Path;
use std::process::ExitCode;

use page::Page;
use tour::Tour;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut page = Page::new();
    match all(&mut page).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            page.line(&format!("\nThe tour stopped: {e}"));
            ExitCode::FAILURE
        }
    }
}

/// Shows every connector there is.
async fn all(page: &mut Page) -> Result<(), Box<dyn std::error::Error>> {
    page.line("Rollcall: who has access to what, and changing it, safely.");
    page.line("Every vendor below is a simulator in this process; the handlers are the ones that run on Lambda.");
    let store = std::env::current_dir()?.join("rollcall-data/demo");
    if store.exists() {
        std::fs::remove_dir_all(&store)?;
    }
    every(page, &store).await?;
    page.line(&format!("\nAll of this lies in {}.", store.display()));
    page.line("Look into it with, for example:");
    for command in [
        "snapshot stats",
        "snapshot grants --type namespace",
        "snapshot resources -o json",
    ] {
        page.line(&format!(
            "  cargo run --bin rollcall -- {command} --connector temporalcloud --store rollcall-data/demo"
        ));
    }
    Ok(())
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        async fn every(page: &mut Page, store: &Path) -> Result<(), Box<dyn std::error::Error>> {
            $(
                let entry = rollcall_functions::$name::entry();
                Tour::<$name::Vendor>::begin(page, store, entry).await?.go().await?;
            )*
            Ok(())
        }
    };
}
include!("../../../functions/connectors.rs");
