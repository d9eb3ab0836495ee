//! How the program ends.

use std::io;
use std::process::ExitCode;

use rollcall::{Chain, Error};

use crate::output;

/// What the caller of the program is told when nothing failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Something was found that is not as it should be, and has been told already.
    Found,
    /// To be gone on with.
    NotFinished,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Found => Self::FAILURE,
            Exit::NotFinished => Self::from(3),
        }
    }
}

/// Why the program ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something failed.
    Failed(Error),
    /// The command line contradicts itself in a way that its grammar cannot say.
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

impl Failure {
    /// Tells what failed, why, and what to do.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Failed(error) => {
                output::note(&format!("error: {}", Chain(&error)));
                output::note(&format!("fix: {}", error.fix()));
                if let Some(sync_id) = error.run() {
                    output::note(&format!(
                        "what was read is kept: go on with --sync-id {sync_id}"
                    ));
                }
                ExitCode::FAILURE
            }
            Self::Usage(message) => {
                output::note(&format!("error: {message}"));
                output::note("fix: see `rollcall --help`, or `--help` after the command.");
                ExitCode::from(2)
            }
            // Whoever reads our output has seen enough, as in `| head`.
            Self::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Stream(error) => {
                output::note(&format!("error: could not read or write: {error}"));
                output::note("fix: see that the disk behind the redirection has room.");
                ExitCode::FAILURE
            }
        }
    }
}
