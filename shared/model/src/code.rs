//! The codes of errors and warnings: stable names that alarms, tests and programs go by.

use std::fmt;

macro_rules! codes {
    ($($name:ident),* $(,)?) => {
        /// What failed, or what an operator should know: the `code` of an error or a warning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "listed in docs/codes.md")]
        pub enum Code { $($name),* }

        impl Code {
            /// Every code, by name.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name as it appears in answers, logs and manifests: UpperCamelCase, stable.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.as_str() == *name
    }
}

codes! {
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
    BadHeader,
    BadProxy,
    BadRequestId,
    BadSyncId,
    BadTrustRoots,
    BadUrl,
    BlindSpot,
    BlockedOnTheWay,
    BrokenSnapshot,
    CallerNotListed,
    Cascade,
    CertificateOfAnotherHost,
    CertificateOutOfDate,
    ChangedMeanwhile,
    CheckpointUnreadable,
    ComputedRoles,
    ConditionalMembers,
    ConfigurationChanged,
    Contended,
    ContradictoryAnswers,
    CredentialRejected,
    CredentialTooWeak,
    DanglingReference,
    DeletedDuringSync,
    EmptyList,
    EndlessList,
    EventNotReadable,
    ExcludedByConfiguration,
    ExternalGroup,
    FinishPanicked,
    ForeignSource,
    ForeignStep,
    GrantsLeftOut,
    GraphQlFailed,
    GuestLimit,
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
    NothingToExpand,
    OperationFailed,
    OtherDeployment,
    OwnAccess,
    PermissionsOnly,
    PrincipalBusy,
    ProxyCredentials,
    ProxyFailed,
    RateLimited,
    Redirected,
    RequestIdUsed,
    ReservedUser,
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
    StoreNotReadable,
    StoreNotWritable,
    StreamFailed,
    SuddenLoss,
    Superseded,
    TenantUnknown,
    TlsFailed,
    UndeclaredKey,
    UnexpectedAnswer,
    UnexplainedGrants,
    UnknownConnection,
    UnknownConnector,
    UnknownEntitlement,
    UnknownKeys,
    UnknownOperation,
    UnknownOrganization,
    UnknownPrincipal,
    UnknownProfileKey,
    UnknownResource,
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
    WrongUsage,
}
