//! The operations of a connector.

/// An operation of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Operation {
    Sync,
    Grant,
    Revoke,
    CreateAccount,
    DeleteAccount,
}

impl Operation {
    /// All operations.
    pub const ALL: [Self; 5] =
        [Self::Sync, Self::Grant, Self::Revoke, Self::CreateAccount, Self::DeleteAccount];

    /// Its name, as in the names of functions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::CreateAccount => "create-account",
            Self::DeleteAccount => "delete-account",
        }
    }
}
