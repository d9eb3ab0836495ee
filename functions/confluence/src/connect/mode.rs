//! How the site gives access to spaces: by permissions, by roles, or by both.

use rollcall_connector::{Code, Error, Warning};

use super::Confluence;
use crate::access::AccessMode;
use crate::api::site_roles;

impl Confluence {
    /// How this site gives access, read once in a process, with warnings about it.
    pub(crate) async fn mode(&self) -> Result<&(AccessMode, Option<Warning>), Error> {
        self.mode.get_or_try_init(|| self.read_mode()).await
    }

    async fn read_mode(&self) -> Result<(AccessMode, Option<Warning>), Error> {
        let mode = match self.api.role_mode().await {
            Ok(mode) => mode,
            // The API v2 answers like this if the feature does not exist, or does not accept the token; `identify` has
            // shown that it accepts ours.
            Err(e) if e.is_own_404() => None,
            Err(e) => return Err(e.into()),
        };
        let both =
            |text: String| (AccessMode::Both, Some(Warning::new(Code::UnknownRoleMode, text)));
        Ok(match mode.as_deref() {
            Some("PRE_ROLES") => (AccessMode::Rows, None),
            Some("ROLES_TRANSITION") => (AccessMode::Both, None),
            Some("ROLES") => (AccessMode::Roles, None),
            Some(other) => both(format!(
                "the site is in the mode `{other}`, which Rollcall does not know: both roles and permissions are read"
            )),
            // A missing answer does not prove that there are no roles, whose holders would be missed.
            None => match self.api.whole(&site_roles()).await {
                Ok(roles) if !roles.is_empty() => both(
                    "the site does not report its mode and has roles: both roles and permissions are read".into(),
                ),
                // *Unknown*: whether a site without roles answers 404 or an empty list.
                Ok(_) => (AccessMode::Rows, None),
                Err(e) if e.is_own_404() => (AccessMode::Rows, None),
                // Nothing shows that there are roles, and rows can be read: possible roles are a blind spot.
                Err(e) if e.is_withheld() => (AccessMode::Rows, Some(Warning::blind_spot(
                    "The site reports neither its mode nor its roles: if it has roles, they are visible only through the permissions that they give.",
                ))),
                Err(e) => return Err(e.into()),
            },
        })
    }

    /// Whether a space exists although the list of its role assignments is not found, on a site that did not report its
    /// mode. Being able to view the space shows that the token is accepted.
    pub(crate) async fn has_no_assignments(&self, space: &str) -> Result<bool, Error> {
        if self.mode().await?.1.is_none() {
            return Ok(false);
        }
        match self.api.space(space).await {
            Ok(_) => Ok(true),
            Err(e) if e.is_own_404() => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}
