//! Asks before a plan is applied, and before a grant replaces other grants of the principal: a vendor may know one role
//! at a time, and the new one may be the lower one.

use std::io::{self, IsTerminal};

use rollcall_connector::event::ChangeAnswer;
use rollcall_connector::{Code, Error};

use crate::failure::Failure;
use crate::output;

/// Whether a grant may go ahead that would do what this answer to a dry run says. Asks on a terminal, and fails elsewhere.
pub(crate) fn is_confirmed(planned: &ChangeAnswer) -> Result<bool, Failure> {
    if planned.replaced.is_empty() {
        return Ok(true);
    }
    let mut message = format!("this grant replaces {}", planned.replaced.join(", "));
    let removed = planned.removed.iter().filter(|id| !planned.replaced.contains(id));
    let removed: Vec<_> = removed.map(String::as_str).collect();
    if !removed.is_empty() {
        message.push_str(&format!(", and removes {}", removed.join(", ")));
    }
    ask(message, "Add --yes to accept this, or --dry-run to see all of it.")
}

/// Whether what `message` says may go ahead. Asks on a terminal, and fails with `fix` elsewhere.
pub(crate) fn ask(message: String, fix: &'static str) -> Result<bool, Failure> {
    if !can_ask() {
        return Err(Error::refused(Code::ConfirmationNeeded, message, fix).into());
    }
    output::note(&format!("{message}. Continue? [y/N]"));
    let mut reply = String::new();
    io::stdin().read_line(&mut reply)?;
    Ok(matches!(reply.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Whether somebody is there to be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
