//! Which kind of site this is: one that gives access to spaces by permissions, by roles, or by both.

use rollcall_connector::{Code, Error, Warning};

use crate::Confluence;
use crate::access::Mode;

impl Confluence {
    /// How this site gives access, asked once in a process; with what an operator should know of that.
    pub(crate) async fn mode(&self) -> Result<&(Mode, Option<Warning>), Error> {
        self.mode.get_or_try_init(|| self.ask_for_mode()).await
    }

    async fn ask_for_mode(&self) -> Result<(Mode, Option<Warning>), Error> {
        let told = match self.api.role_mode().await {
            Ok(mode) => mode,
            // The API v2 answers so where there is no such feature, and to strangers. That we are none is known since we
            // were let in ([`Connector::identify`](rollcall_connector::Connector::identify)).
            Err(e) if e.is_own_404() => None,
            Err(e) => return Err(e.into()),
        };
        let both = |text: String| (Mode::Both, Some(Warning::new(Code::UnknownValue, text)));
        Ok(match told.as_deref() {
            Some("PRE_ROLES") => (Mode::Rows, None),
            Some("ROLES_TRANSITION") => (Mode::Both, None),
            Some("ROLES") => (Mode::Roles, None),
            Some(other) => both(format!(
                "the site is in the mode `{other}`, which Rollcall does not know: roles and rows are both read"
            )),
            // No answer is not the answer that there are no roles: the site's roles would be missed with all who have one.
            None => match self.api.roles().await {
                Ok(roles) if !roles.is_empty() => both(
                    "the site does not say in which mode it is, and has roles: roles and rows are both read".into(),
                ),
                // *Unknown*: which of 404 and an empty list a site without roles answers.
                Ok(_) => (Mode::Rows, None),
                Err(e) if e.is_own_404() => (Mode::Rows, None),
                // Nothing says that there are roles, and rows can be read: what roles there may be is not seen.
                Err(e) if e.is_withheld() => (Mode::Rows, Some(Warning::blind_spot(
                    "The site does not say in which mode it is, and does not show its roles: if it has some, who has them is only seen by the permissions that follow from them.",
                ))),
                Err(e) => return Err(e.into()),
            },
        })
    }

    /// Whether a space without a list of who has a role on it is there all the same, on a site of which it is only guessed
    /// that it has such lists. That we can view the space shows that we are no strangers.
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
