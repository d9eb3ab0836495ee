//! The pinned API version: what a client can express.
//!
//! Every field of the API carries the version it appeared in (`temporalio/cloud-api`). A client pinned below it is
//! taken to be unable to express the field: the stored value survives its full-replace updates. A client pinned at
//! or above it clears the field by leaving it out.

/// A version as (major, minor); patch releases add no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

/// Fields without a label.
pub(crate) const FIRST: Version = Version(0, 0);
/// Enums beside strings.
pub(crate) const ENUMS: Version = Version(0, 3);
/// `accountAccess.customRoles`.
pub(crate) const CUSTOM_ROLES: Version = Version(0, 13);
/// `access.projectAccesses`.
pub(crate) const PROJECTS: Version = Version(0, 18);
/// The newest version in use by a published client.
pub(crate) const NEWEST: Version = Version(0, 23);

/// How a request names its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pinned {
    pub(crate) version: Version,
    /// The old date style: such clients get enums and strings side by side.
    pub(crate) both: bool,
}

impl Pinned {
    /// What the gateway puts in for a request without the header.
    pub(crate) const LATEST: Self = Self {
        version: NEWEST,
        both: false,
    };

    /// *Unknown*: the full list of valid versions. Taken: `v0.1` to the newest with any patch number, and the one date
    /// known to equal a release.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text == "2024-10-01-00" {
            return Some(Self {
                version: ENUMS,
                both: true,
            });
        }
        let mut parts = text.strip_prefix('v')?.split('.');
        let mut number = || {
            parts
                .next()
                .filter(|part| part.bytes().all(|b| b.is_ascii_digit()))?
                .parse::<u32>()
                .ok()
        };
        let (major, minor, _patch) = (number()?, number()?, number()?);
        let version = Version(major, minor);
        (parts.next().is_none() && version > FIRST && version <= NEWEST).then_some(Self {
            version,
            both: false,
        })
    }
}
