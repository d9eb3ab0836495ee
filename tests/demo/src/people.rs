//! The tour of people over all vendors: a review and an offboarding, by the command line.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::task::spawn_blocking;

use crate::tour::{Failed, heading, item, line};

/// The folder of the review.
pub(crate) const REVIEW: &str = "rollcall-data/demo-review";

/// The rights on a space that are reviewed.
const SELECTED: [&str; 3] =
    ["space:77001:read-space", "space:77001:administer-space", "space:77001:export-space"];

pub(crate) async fn tour(store: &Path, secrets: &Path) -> Result<(), Failed> {
    line("\n═══ People, at all five vendors");
    let program = program().await?;
    let rollcall = async |arguments: &str| {
        line(format_args!("\n$ rollcall {arguments}"));
        let mut command = Command::new(&program);
        command.args(arguments.split_whitespace());
        // Those of whoever runs the tour would send its records and changes elsewhere.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ROLLCALL_") {
                command.env_remove(name);
            }
        }
        command.env("ROLLCALL_STORE", store);
        command.env("ROLLCALL_SECRETS", format!("file:{}", secrets.display()));
        run(&mut command).await
    };

    heading("A review of ten rows");
    let selected = SELECTED.map(|id| format!("--entitlement {id}")).join(" ");
    rollcall(&format!("review new --connector confluence {selected} --out {REVIEW}")).await?;
    line("");
    item(
        "The reviewer decides in review.csv, or with review.html in a browser: Lena no longer exports",
    );
    item("salaries, Yuki does until the end of 2030, and all else is kept.");
    decide()?;
    rollcall(&format!("review apply {REVIEW} --apply --yes --reviewer Grace")).await?;
    rollcall(&format!("review verify {REVIEW}")).await?;

    heading("Ines leaves");
    rollcall("access ines@example.com").await?;
    rollcall("offboard ines@example.com --apply --yes").await
}

/// Fills in the sheet, as a person would.
fn decide() -> Result<(), Failed> {
    let file = Path::new(REVIEW).join("review.csv");
    let sheet = std::fs::read_to_string(&file)?;
    let mut lines = sheet.lines();
    let header = lines.next().ok_or("the sheet is empty")?;
    let rows: Vec<_> = lines.collect();
    if rows.len() != 10 {
        return Err(format!("a review of ten rows has {}: {sheet}", rows.len()).into());
    }
    let mut filled = format!("{header}\n");
    for row in rows {
        let decision = match row.contains("export-space") {
            true if row.contains("user:712020:lena") => "revoke,works elsewhere now",
            true => "revoke on 2030-12-31,until the audit ends",
            false => "keep,",
        };
        let row = row.strip_suffix(",,").ok_or("the sheet is filled in already")?;
        filled.push_str(&format!("{row},{decision}\n"));
    }
    Ok(std::fs::write(file, filled)?)
}

/// The command line, beside this program. `cargo run` has built only this one, so Cargo builds the other one, too.
async fn program() -> Result<PathBuf, Failed> {
    if let Some(cargo) = std::env::var_os("CARGO") {
        let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
        let mut build = Command::new(cargo);
        build.args(["build", "--manifest-path", workspace, "--bin", "rollcall"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        heading("The command line");
        item("cargo build --bin rollcall");
        run(&mut build).await?;
    }
    Ok(std::env::current_exe()?.with_file_name("rollcall"))
}

/// Runs a command to its end. The vendors serve meanwhile.
async fn run(command: &mut Command) -> Result<(), Failed> {
    let mut child = command.spawn()?;
    let status = spawn_blocking(move || child.wait()).await??;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{command:?} failed: {status}").into()),
    }
}
