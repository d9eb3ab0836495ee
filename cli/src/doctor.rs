//! `rollcall doctor`: checks everything that a sync needs, and says what to do.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use rollcall_connector::clock::between;
use rollcall_connector::event::check_connection;
use rollcall_connector::{Chain, Error, Identity, Warning};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::tenant;
use rollcall_engine::context::{Context, Settings};
use rollcall_engine::runtime::function::Entry;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{get_json, lease, supports_conditional_writes};

use crate::args::Target;
use crate::connectors;
use crate::failure::{Exit, Failure, advice};
use crate::output::{count, line};
use crate::shell::CommandLine;

const DAY: u64 = 24 * 3600;

/// The age from which on a snapshot is worth a warning: syncs run daily, and one may have been missed.
const OLD: Duration = Duration::from_secs(2 * DAY);

/// A check of one connection. Each finding is printed at once.
struct Doctor<'a> {
    cx: &'a Context,
    entry: &'a Entry,
    target: &'a Target,
    keys: Keys<'a>,
    has_failed: bool,
}

/// Runs the command.
pub(crate) async fn run(target: &Target) -> Result<Exit, Failure> {
    let entry = connectors::find(&target.connector)?;
    let connection = target.connection();
    check_connection(connection)?;
    // Whether something answers shows at once: an operator waits here.
    let settings = Settings { attempts: 1, ..Settings::default() };
    let cx = Context::from_environment_with(target.place.store.clone(), settings)?;
    let mut doctor = Doctor {
        cx: &cx,
        entry: &entry,
        target,
        keys: Keys { connector: entry.about.name, connection },
        has_failed: false,
    };
    let identity = match doctor.check_configuration().await? {
        true => doctor.check_identity().await?,
        false => None,
    };
    if doctor.check_store().await? {
        doctor.check_lease().await?;
        doctor.check_newest(identity.as_ref()).await?;
    }
    Ok(match doctor.has_failed {
        true => Exit::ProblemFound,
        false => Exit::Done,
    })
}

fn ok(what: &str, detail: impl Display) -> io::Result<()> {
    line(&format!("ok    {what}: {detail}"))
}

fn warn(what: &str, detail: impl Display, fix: impl Display) -> io::Result<()> {
    line(&format!("warn  {what}: {detail}"))?;
    line(&format!("      {fix}"))
}

fn warnings(what: &str, warnings: &[Warning]) -> io::Result<()> {
    warnings.iter().try_for_each(|warning| {
        let fix = format!("docs/codes.md explains `{}`.", warning.code);
        warn(what, &warning.message, fix)
    })
}

impl Doctor<'_> {
    fn fail(&mut self, what: &str, detail: impl Display, fix: impl Display) -> io::Result<()> {
        self.has_failed = true;
        line(&format!("fail  {what}: {detail}"))?;
        line(&format!("      {fix}"))
    }

    fn error(&mut self, what: &str, error: &Error) -> io::Result<()> {
        let detail = format!("{}: {}", error.code(), Chain(error));
        self.fail(what, detail, advice(error).join(" "))
    }

    /// The secret exists, and the connector accepts its keys.
    async fn check_configuration(&mut self) -> io::Result<bool> {
        const WHAT: &str = "configuration";
        let Keys { connector, connection } = self.keys;
        match self.cx.configuration(self.entry.about, connection).await {
            Ok((_, found)) => {
                let place = self.cx.secrets.place(connector, connection);
                ok(WHAT, format!("complete and well formed, in {place}"))?;
                warnings(WHAT, &found).map(|()| true)
            }
            Err(e) => self.error(WHAT, &e).map(|()| false),
        }
    }

    /// The vendor accepts the credential, which sees enough and lasts.
    async fn check_identity(&mut self) -> io::Result<Option<Identity>> {
        let identity = match self.entry.identify(self.cx, self.keys.connection).await {
            Ok((identity, _)) => identity,
            Err(e) => return self.error("identity", &e).map(|()| None),
        };
        let Identity { tenant, caller, caller_name, .. } = &identity;
        let detail = format!("{caller_name} ({caller}) in tenant {tenant}");
        ok("identity", detail)?;
        ok("rights", &identity.rights)?;
        warnings("rights", &identity.warnings)?;
        self.check_expiry(&identity)?;
        Ok(Some(identity))
    }

    fn check_expiry(&mut self, identity: &Identity) -> io::Result<()> {
        const WHAT: &str = "key expiry";
        const RENEW: &str = "Create a new key at the vendor, store it where the old one is, then delete the old one.";
        let Some(end) = identity.credential_expires_at else {
            return ok(WHAT, "unknown: the vendor does not report it");
        };
        let now = self.cx.clock.now();
        if end <= now {
            return self.fail(WHAT, format!("the key expired at {end:.0}"), RENEW);
        }
        let days = count(between(now, end).as_secs() / DAY, "day");
        let detail = format!("the key expires in {days}, at {end:.0}");
        match identity.expiry_warning(now) {
            Some(_) => warn(WHAT, detail, RENEW),
            None => ok(WHAT, detail),
        }
    }

    /// The store can be read and written, and has the conditional writes that publishing relies on.
    async fn check_store(&mut self) -> io::Result<bool> {
        const WHAT: &str = "store";
        let store = &*self.cx.store;
        if let Err(e) = store.get(&self.keys.latest()).await {
            return self.error(WHAT, &e).map(|()| false);
        }
        // No principal has this name: theirs contain a colon.
        let key = self.keys.principal_lease("doctor");
        match supports_conditional_writes(store, &key).await {
            Ok(true) => {
                let detail = format!("readable and writable, at {}", store.place(""));
                ok(WHAT, detail).map(|()| true)
            }
            Ok(false) => {
                let detail =
                    format!("a write with `If-None-Match` overwrites {}", store.place(&key));
                let fix = "Use a store with conditional writes, such as Amazon S3: without them two runs can overwrite each other.";
                self.fail(WHAT, detail, fix).map(|()| false)
            }
            Err(e) => self.error(WHAT, &e).map(|()| false),
        }
    }

    async fn check_lease(&mut self) -> io::Result<()> {
        const WHAT: &str = "lease";
        let peek = match lease::peek(&*self.cx.store, &self.keys.lease()).await {
            Ok(peek) => peek,
            Err(e) => return self.error(WHAT, &e),
        };
        let Some(peek) = peek.filter(|peek| peek.expires_at > self.cx.clock.now()) else {
            return ok(WHAT, "free");
        };
        let (owner, until) = (&peek.owner, peek.expires_at);
        if peek.active {
            return warn(
                WHAT,
                format!("acquired by run {owner}, until {until:.0} unless it is renewed"),
                "A sync is running. If it was killed, the lease becomes free at that time.",
            );
        }
        let resume = self.sync().option("--sync-id", Some(owner));
        warn(
            WHAT,
            format!(
                "run {owner} is not finished and can be resumed; another run can start at {until:.0}"
            ),
            format!("Resume it: {resume}"),
        )
    }

    /// There is a recent snapshot of the same tenant.
    async fn check_newest(&mut self, identity: Option<&Identity>) -> io::Result<()> {
        const WHAT: &str = "newest snapshot";
        let latest = match get_json::<Latest>(&*self.cx.store, &self.keys.latest()).await {
            Ok(Some((latest, _))) => latest,
            Ok(None) => {
                let fix = format!("Sync first: {}", self.sync());
                return warn(WHAT, "there is none yet", fix);
            }
            Err(e) => return self.error(WHAT, &e),
        };
        if let Some(identity) = identity
            && let Err(e) = tenant::check_same(self.keys, &latest.tenant, &identity.tenant)
        {
            return self.error(WHAT, &e);
        }
        let age = between(latest.ended_at, self.cx.clock.now());
        let detail = format!("{} ended {} ago", latest.sync_id, in_words(age));
        if age > OLD {
            let fix = "Check that the schedule is enabled, and what the last sync reported.";
            return warn(WHAT, detail, fix);
        }
        ok(WHAT, detail)
    }

    fn sync(&self) -> CommandLine {
        self.target.command(&["sync", &self.target.connector])
    }
}

fn in_words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => count(minutes, "minute"),
        120..2880 => count(minutes / 60, "hour"),
        _ => count(minutes / 1440, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_words() {
        for (seconds, words) in [
            (59, "less than a minute"),
            (60, "1 minute"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (259_200, "3 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
