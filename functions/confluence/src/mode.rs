//! Which kind of site this is: one that gives access to spaces by permissions, by roles, or by both.

use rollcall::Error;
use rollcall::connector::Warning;

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
            // were let in ([`Connector::identify`](rollcall::connector::Connector::identify)).
            Err(e) if e.is_own_404() => None,
            Err(e) => return Err(e.into()),
        };
        let both = |text: String| (Mode::Both, Some(Warning::new("UnknownRoleMode", text)));
        Ok(match told.as_deref() {
            Some("PRE_ROLES") => (Mode::Rows, None),
            Some("ROLES_TRANSITION") => (Mode::Both, None),
            Some("ROLES") => (Mode::Roles, None),
            Some(other) => both(format!(
                "the site is in the mode `{other}`, which Rollcall does not know: roles and rows are both read"
            )),
            // No answer is not the answer that there are no roles: the site's roles would be missed with all who have one.
            None if self.lists_roles().await? => both(
                "the site does not say in which mode it is, and has roles: roles and rows are both read".into(),
            ),
            None => (Mode::Rows, None),
        })
    }

    /// Whether the site has roles. *Unknown*: which of 404 and an empty list a site without them answers.
    async fn lists_roles(&self) -> Result<bool, Error> {
        match self.api.roles().await {
            Ok(roles) => Ok(!roles.is_empty()),
            Err(e) if e.is_own_404() => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}
