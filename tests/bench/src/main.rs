//! The resources that Rollcall uses, measured on this machine. Figures, not tests: nothing fails for being slow.
//!
//! `bench` measures everything, `bench CONNECTOR` the syncs of one connector; `bench write GRANTS STORE` and `bench tables
//! STORE` are the separate processes in which it measures the memory of one large sync, and of its tables.

mod functions;
mod synthetic;

use std::io::Write;
use std::process::ExitCode;

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => functions::measure(None).and_then(|()| synthetic::measure()),
        ["write", grants, store] => synthetic::write(grants, store),
        ["tables", store] => synthetic::tables(store),
        [connector] => functions::measure(Some(connector)),
        _ => Err("usage: bench [CONNECTOR | write GRANTS STORE | tables STORE]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            line(&format!("bench: {e}"));
            ExitCode::FAILURE
        }
    }
}

/// Writes a line; a failure of standard output cannot be reported anywhere.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
