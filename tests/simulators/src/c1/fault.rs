//! Faults of the service: which call, and what goes wrong with it.

/// A call to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is a call of the protocol")]
pub enum Rpc {
    Token,
    Hello,
    GetTask,
    GetTasks,
    Heartbeat,
    FinishTask,
    UploadAsset,
    StartDebugging,
}

impl Rpc {
    /// The call with this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        Some(match path.strip_prefix("/c1.connectorapi.baton.v1.BatonService/") {
            None if path == "/auth/v1/token" => Self::Token,
            Some("Hello") => Self::Hello,
            Some("GetTask") => Self::GetTask,
            Some("GetTasks") => Self::GetTasks,
            Some("Heartbeat") => Self::Heartbeat,
            Some("FinishTask") => Self::FinishTask,
            Some("UploadAsset") => Self::UploadAsset,
            Some("StartDebugging") => Self::StartDebugging,
            _ => return None,
        })
    }
}

/// What goes wrong with a call.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEffect {
    /// Answers this gRPC status, or from 100 on this HTTP status, without effect.
    Status(u16),
    /// Never answers, without effect.
    Hang,
    /// Closes the connection, without effect.
    Disconnect,
    /// Carries the call out, and breaks off before the answer.
    LoseAnswer,
    /// Carries the call out, and answers something that is no message.
    Malformed,
    /// Carries the call out, and answers nothing: a token request an empty token, a call an empty message.
    Empty,
    /// Breaks off an upload once so many bytes have come, without effect.
    Cut(usize),
}

/// A fault: of the calls of one kind, counted from the moment it was set, it takes `times` in a row after letting
/// `skip` through. Faults of the same calls follow each other: a call that one takes does not count for the next.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFault {
    /// The calls that it takes.
    pub rpc: Rpc,
    /// How many of them it lets through first.
    pub skip: usize,
    /// How many of them it takes then.
    pub times: usize,
    /// What goes wrong.
    pub effect: CallEffect,
}

impl CallFault {
    /// The next call of this kind.
    #[must_use]
    pub fn once(rpc: Rpc, effect: CallEffect) -> Self {
        Self { rpc, skip: 0, times: 1, effect }
    }

    /// So many calls in a row.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Lets so many calls through first.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Counts a call, and says whether the fault takes it.
    pub(super) fn takes(&mut self, rpc: Rpc) -> bool {
        if self.rpc != rpc || self.times == 0 {
            return false;
        }
        if let Some(skip) = self.skip.checked_sub(1) {
            self.skip = skip;
            return false;
        }
        self.times -= 1;
        true
    }
}
