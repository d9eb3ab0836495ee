//! A tour of Rollcall: simulated vendors inside this process, the real handlers, a store in a folder.
//!
//! Nothing here is needed to run Rollcall; it shows what running it looks like.

mod people;
mod tour;
mod vendors;

use std::path::Path;
use std::process::ExitCode;

use tour::{Failed, Tour, line};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match all().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            line(format_args!("\nThe tour stopped: {e}"));
            ExitCode::FAILURE
        }
    }
}

async fn all() -> Result<(), Failed> {
    line(
        "Rollcall shows who has access to what, and changes it safely.
Every vendor below is a simulator in this process; the handlers are the ones that run on Lambda.",
    );
    let here = std::env::current_dir()?;
    let store = here.join("rollcall-data/demo");
    for folder in [&store, &here.join(people::REVIEW)] {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
    }
    every(&store).await?;
    line(format_args!(
        "\nAll of this is stored in {}, and the page of the review is {}/review.html.\nTo look at it, run for example:",
        store.display(),
        people::REVIEW,
    ));
    for command in [
        "stats temporalcloud",
        "grants temporalcloud --type namespace",
        "access temporalcloud ines@example.com",
    ] {
        line(format_args!("  rollcall snapshot {command} --store rollcall-data/demo"));
    }
    Ok(())
}

macro_rules! connectors {
    ($($name:ident),* $(,)?) => {
        /// Shows one connector after the other, then what is done over all of them.
        async fn every(store: &Path) -> Result<(), Failed> {
            let secrets = tempfile::tempdir()?;
            $(
                let vendor = vendors::$name().await?;
                vendor.secret.write(secrets.path(), stringify!($name), "default")?;
                let $name = Tour::begin(store, rollcall_functions::$name::entry(), vendor)?.run().await?;
            )*
            people::tour(store, secrets.path()).await?;
            $(drop($name);)*
            Ok(())
        }
    };
}
include!("../../../functions/connectors.rs");
