//! The ends of the program: exit codes and error messages.

use std::io;
use std::process::ExitCode;

use rollcall_connector::{Chain, Code, Error, ErrorType};
use serde_json::{Value, json};

use crate::{args, output};

/// The end of a command that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// Something is wrong, and is reported already.
    ProblemFound,
    /// A command that is printed resumes it, or begins it once another run has ended.
    NotFinished,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::ProblemFound => Self::FAILURE,
            Exit::NotFinished => Self::from(3),
        }
    }
}

/// The reason why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Failed(Error),
    /// The command line is wrong in a way that its grammar cannot express.
    Usage(String),
    /// Standard output or standard input failed.
    Stream(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stream(error)
    }
}

/// Prints what is wrong with the command line, as clap words it; as JSON if the arguments ask for results as JSON.
/// A request for help or the version is no error, and is printed as results are.
pub(crate) fn report_usage(wrong: &clap::Error) -> ExitCode {
    let arguments: Vec<_> = std::env::args().collect();
    if wrong.use_stderr() && args::want_json(&arguments) {
        let text = wrong.render().to_string();
        let text = text.split("\n\nUsage:").next().unwrap_or_default();
        let text = text.split("\n\nFor more").next().unwrap_or_default();
        let words: Vec<_> = text.trim_start_matches("error: ").split_whitespace().collect();
        return Failure::Usage(words.join(" ")).report(true);
    }
    // If nobody reads it, that is not a failure.
    let _ = wrong.print();
    match wrong.use_stderr() {
        true => ExitCode::from(2),
        false => ExitCode::SUCCESS,
    }
}

impl Failure {
    /// Prints what failed, why, and what to do: for people, or as one line of JSON.
    pub(crate) fn report(self, as_json: bool) -> ExitCode {
        // The reader of the output stopped reading, as in `| head`.
        if matches!(&self, Self::Stream(e) if e.kind() == io::ErrorKind::BrokenPipe) {
            return ExitCode::SUCCESS;
        }
        let code = match &self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Failed(_) | Self::Stream(_) => ExitCode::FAILURE,
        };
        let error = self.into_error();
        if as_json {
            output::note_json(&to_json(&error));
            return code;
        }
        output::note(&format!("error[{}]: {}", error.code(), Chain(&error)));
        let mut label = "fix: ";
        for line in advice(&error) {
            output::note(&format!("{label}{line}"));
            label = "";
        }
        code
    }

    /// The same as an error.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Failed(error) => error,
            Self::Usage(message) => Error::invalid(
                Code::WrongUsage,
                message,
                "See `rollcall --help`, or `--help` after the command.",
            ),
            Self::Stream(e) => Error::new(
                ErrorType::Misconfigured,
                Code::StreamFailed,
                "could not read standard input or write standard output",
                "Check that the disk that the output is redirected to has room.",
            )
            .with_source(e),
        }
    }
}

/// What to do about an error, a sentence each: the fix, and when and how to run again, where that is known.
pub(crate) fn advice(error: &Error) -> Vec<String> {
    let time = error.retry_at();
    let time = time.map(|at| format!("try again from {at:.0} on"));
    let run = error.resumable_sync_id();
    let run = run.map(|id| format!("the records read so far are kept: resume with --sync-id {id}"));
    let fix = Some(error.fix().to_owned());
    [fix, time, run].into_iter().flatten().collect()
}

/// An error for programs, with the same names as in the answer of a function.
fn to_json(error: &Error) -> Value {
    json!({
        "type": error.kind().as_str(),
        "code": error.code(),
        "message": Chain(error).to_string(),
        "fix": error.fix(),
        "retry_at": error.retry_at().map(|at| at.to_string()),
        "sync_id": error.resumable_sync_id(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_when_and_how_to_run_again() {
        let at = "2026-01-01T00:00:00.5Z".parse().expect("a time");
        let error = Error::new(ErrorType::RateLimited, Code::RateLimited, "put off", "Wait.");
        let error = error.with_retry_at(at).with_resumable_sync_id("2Zk");
        let expected = [
            "Wait.",
            "try again from 2026-01-01T00:00:00Z on",
            "the records read so far are kept: resume with --sync-id 2Zk",
        ];
        assert_eq!(advice(&error), expected);
        let expected = json!({
            "type": "RateLimited", "code": "RateLimited", "message": "put off", "fix": "Wait.",
            "retry_at": "2026-01-01T00:00:00.5Z", "sync_id": "2Zk",
        });
        assert_eq!(to_json(&error), expected);
    }
}
