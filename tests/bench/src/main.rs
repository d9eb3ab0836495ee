//! The resources that Rollcall uses, measured on this machine. Figures, not tests: nothing fails for being slow.
//!
//! `bench` measures everything, `bench CONNECTOR` the syncs of one connector, `bench published` what follows a large snapshot.
//! `bench write GRANTS STORE` and `bench publish PRODUCT STORE` are the separate processes whose memory is measured.

mod functions;
mod published;
mod synthetic;

use std::io::Write;
use std::process::ExitCode;

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => functions::measure(None)
            .and_then(|()| synthetic::measure())
            .and_then(|()| published::measure()),
        ["published"] => published::measure(),
        ["write", grants, store] => synthetic::write(grants, store),
        ["publish", product, store] => published::publish(product, store),
        [connector] => functions::measure(Some(connector)),
        _ => {
            Err("usage: bench [CONNECTOR | published | write GRANTS STORE | publish PRODUCT STORE]"
                .into())
        }
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
