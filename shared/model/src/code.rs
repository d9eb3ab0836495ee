//! The codes of errors and warnings.

/// An enum of stable names: lists its variants, and writes each as its name.
macro_rules! names {
    ($(#[$about:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $enum { $($(#[$doc])* $name),* }

        impl $enum {
            /// Every variant, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name as it appears in answers, logs and manifests.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use names;

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.as_str() == *name
    }
}

names! {
/// The `code` of an error or a warning. `docs/codes.md` explains each.
#[expect(missing_docs, reason = "docs/codes.md has a row for each")]
Code {
    AddressNotAllowed,
    AdministratorsNotShown,
    AmbiguousIds,
    AmbiguousPrincipal,
    AmbiguousSnapshot,
    AnotherTenant,
    BadConfiguration,
    BadConnectionName,
    BadCredential,
    BadEmail,
    BadEntitlementId,
    BadEnvironment,
    BadExpiry,
    BadHeader,
    BadProxy,
    BadRequestId,
    BadSyncId,
    BadTrustRoots,
    BadUrl,
    BlindSpot,
    BlockedOnTheWay,
    BrokenSnapshot,
    C1CredentialsMalformed,
    C1CredentialsRefused,
    C1Refused,
    C1Unavailable,
    CallerNotListed,
    Cascade,
    CertificateOfAnotherHost,
    CertificateOutOfDate,
    ChangedMeanwhile,
    CheckpointUnreadable,
    ComputedRoles,
    ConditionalMembers,
    ConfigurationChanged,
    ConfirmationNeeded,
    Contended,
    ContradictoryAnswers,
    CredentialRejected,
    CredentialTooWeak,
    DanglingReference,
    DeletedDuringSync,
    EmptyList,
    EndlessList,
    EventNotReadable,
    EventNotSent,
    EvidenceAltered,
    ExcludedByConfiguration,
    ExternalGroup,
    FinishPanicked,
    ForeignSource,
    ForeignStep,
    FunctionKilled,
    FunctionNotCalled,
    GrantsLeftOut,
    GraphQlFailed,
    GuestLimit,
    HeldWithoutEnd,
    HoldsRole,
    HostNotFound,
    ImmutableRole,
    ImplicitAccess,
    IncompleteAnswer,
    IncompleteUser,
    InvitationExpired,
    KeyEndsSoon,
    LastAdmin,
    LeaseLost,
    ListMoved,
    LowestRole,
    MalformedEvent,
    MalformedSecret,
    ManifestNotReadable,
    ManualNotWritten,
    MayNotBeAdministrator,
    MembersWithoutAccount,
    MoreWarnings,
    NoOrganization,
    NoSnapshot,
    NoSuchOperation,
    NotASnapshot,
    NotAvailable,
    NotConfirmed,
    NotHeld,
    NotJson,
    NotObserved,
    NotProvisioned,
    NotPublished,
    NothingToCompare,
    NothingToExpand,
    NothingToReview,
    ObjectBusy,
    OperationFailed,
    OtherDeployment,
    OwnAccess,
    PermissionsOnly,
    PlanNotReadable,
    PlanNotWritten,
    PlanOutdated,
    PrincipalBusy,
    ProxyCredentials,
    ProxyFailed,
    PublishingBusy,
    RateLimited,
    Redirected,
    ReportNotOpened,
    ReportNotWritten,
    RequestIdUsed,
    ReservedUser,
    ReviewNotReadable,
    ReviewNotWritten,
    ReviewOutdated,
    RolesOnly,
    RunAtWork,
    RunWaiting,
    ScopedServiceAccount,
    ScratchFailed,
    ScratchFull,
    SdkClient,
    SecretDeleted,
    SecretNotReadable,
    Serverless,
    ServiceAccountsOnly,
    SeveralOrganizations,
    SnapshotDamaged,
    SnapshotNotFound,
    SnapshotNotReadable,
    SnapshotNotWritten,
    SnapshotTooLarge,
    SnapshotTruncated,
    SnapshotUnfinished,
    StaleCursor,
    StillInProgress,
    StoreNotReadable,
    StoreNotWritable,
    StreamFailed,
    SuddenLoss,
    Superseded,
    TableNotWritten,
    TemplateNotRendered,
    TenantUnknown,
    TlsFailed,
    UndeclaredKey,
    UnexpectedAnswer,
    UnexplainedGrants,
    UnknownConnection,
    UnknownConnector,
    UnknownEntitlement,
    UnknownExpiration,
    UnknownKeys,
    UnknownOperation,
    UnknownOrganization,
    UnknownPermission,
    UnknownPrincipal,
    UnknownProfileKey,
    UnknownResource,
    UnknownReview,
    UnknownRoleMode,
    UnknownRun,
    UnknownSideEffect,
    UnknownValue,
    UnnamedMembers,
    UnreadableAnswer,
    UnreadableField,
    UnreadableObject,
    UnreadableRecord,
    UnreadableRow,
    UnresolvedPrincipals,
    UnsupportedSnapshot,
    UntrustedCertificate,
    UnusableName,
    VendorConflict,
    VendorDenied,
    VendorNotFound,
    VendorRefused,
    VendorRejected,
    VendorTimeout,
    VendorUnavailable,
    VendorUnreachable,
    WrittenByAnother,
    WrongAddress,
    WrongDecisions,
    WrongUsage,
}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_a_row_for_each_code_in_order_and_no_other() {
        let page = include_str!("../../../docs/codes.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let documented: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
        let declared: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(documented, declared);
        assert!(declared.is_sorted());
    }
}
