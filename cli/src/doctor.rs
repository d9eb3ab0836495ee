//! `rollcall doctor`: looks at everything a sync needs, one by one, and says what to do.

use std::time::Duration;

use rollcall_connector::clock::between;
use rollcall_connector::config::Config;
use rollcall_connector::event::check_connection;
use rollcall_connector::{Chain, Error, Identity, Warning};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::tenant;
use rollcall_engine::context::Context;
use rollcall_engine::runtime::function::Entry;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{get_json, keeps_conditions, lease};

use crate::args::{DoctorArgs, Target};
use crate::failure::{Exit, Failure, advice};
use crate::shell::CommandLine;
use crate::{connectors, output};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A snapshot that is older is worth a warning: syncs run daily, and one may have been missed.
const OLD: Duration = Duration::from_secs(48 * 3600);

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    failed: bool,
}

impl Findings {
    fn ok(&mut self, what: &str, detail: &str) -> Result<(), Failure> {
        output::line(&format!("ok    {what}: {detail}"))
    }

    fn warn(&mut self, what: &str, detail: &str, fix: &str) -> Result<(), Failure> {
        output::line(&format!("warn  {what}: {detail}"))?;
        output::line(&format!("      {fix}"))
    }

    fn fail(&mut self, what: &str, detail: &str, fix: &str) -> Result<(), Failure> {
        self.failed = true;
        output::line(&format!("fail  {what}: {detail}"))?;
        output::line(&format!("      {fix}"))
    }

    fn error(&mut self, what: &str, error: &Error) -> Result<(), Failure> {
        self.fail(
            what,
            &format!("{}: {}", error.code(), Chain(error)),
            &advice(error).join(" "),
        )
    }

    fn warnings(&mut self, what: &str, warnings: &[Warning]) -> Result<(), Failure> {
        for warning in warnings {
            self.warn(
                what,
                &warning.message,
                &format!("See `{}` in the connector's README.", warning.code),
            )?;
        }
        Ok(())
    }
}

/// Runs the command.
pub(crate) async fn run(args: DoctorArgs) -> Result<Exit, Failure> {
    let entry = connectors::find(&args.target.connector)?;
    let connection = args.target.connection();
    check_connection(connection)?;
    let cx = Context::from_environment_with_store(args.target.store.clone())?;
    let keys = Keys {
        connector: entry.about.name,
        connection,
    };
    let mut findings = Findings::default();
    let mut identity = None;
    if configuration(&mut findings, &cx, &entry, connection).await? {
        identity = who(&mut findings, &cx, &entry, connection).await?;
    }
    if store(&mut findings, &cx, keys).await? {
        lease_of(&mut findings, &cx, keys, &args.target).await?;
        newest(&mut findings, &cx, keys, &args.target, identity.as_ref()).await?;
    }
    Ok(if findings.failed {
        Exit::Found
    } else {
        Exit::Done
    })
}

/// The secret is there, and its keys are what the connector takes.
async fn configuration(
    findings: &mut Findings,
    cx: &Context,
    entry: &Entry,
    connection: &str,
) -> Result<bool, Failure> {
    const WHAT: &str = "configuration";
    let secret = match cx.secrets.get(entry.about.name, connection).await {
        Ok(secret) => secret,
        Err(e) => return findings.error(WHAT, &e).map(|()| false),
    };
    let place = cx.secrets.place(entry.about.name, connection);
    match Config::check(entry.about.fields, &secret) {
        Ok((_, warnings)) => {
            findings.ok(
                WHAT,
                &format!("all keys are there and well formed, in {place}"),
            )?;
            findings.warnings(WHAT, &warnings)?;
            Ok(true)
        }
        Err(e) => {
            let detail = format!("{}: {} (in {place})", e.code(), Chain(&e));
            findings.fail(WHAT, &detail, e.fix())?;
            Ok(false)
        }
    }
}

/// The vendor accepts the credential, which sees enough and lasts.
async fn who(
    findings: &mut Findings,
    cx: &Context,
    entry: &Entry,
    connection: &str,
) -> Result<Option<Identity>, Failure> {
    let identity = match entry.identify(cx, connection).await {
        Ok((identity, _)) => identity,
        Err(e) => return findings.error("identity", &e).map(|()| None),
    };
    findings.ok(
        "identity",
        &format!(
            "{} ({}) in tenant {}",
            identity.caller_name, identity.caller, identity.tenant
        ),
    )?;
    findings.ok("rights", &identity.rights)?;
    findings.warnings("rights", &identity.warnings)?;
    expiry(findings, cx, &identity)?;
    Ok(Some(identity))
}

fn expiry(findings: &mut Findings, cx: &Context, identity: &Identity) -> Result<(), Failure> {
    const WHAT: &str = "key expiry";
    const RENEW: &str = "Make a new key at the vendor, put it into the connection's secret, and then remove the old one.";
    let Some(end) = identity.credential_expires_at else {
        return findings.ok(WHAT, "the vendor names no end");
    };
    let now = cx.clock.now();
    let days = between(now, end).as_secs() / DAY.as_secs();
    if end <= now {
        return findings.fail(WHAT, &format!("the key ended at {end:.0}"), RENEW);
    }
    if identity.ends_soon(now).is_some() {
        return findings.warn(
            WHAT,
            &format!("the key ends in {days} days, at {end:.0}"),
            RENEW,
        );
    }
    findings.ok(WHAT, &format!("the key ends in {days} days, at {end:.0}"))
}

/// The store can be read and written, and it keeps the promise that publishing relies on.
async fn store(findings: &mut Findings, cx: &Context, keys: Keys<'_>) -> Result<bool, Failure> {
    const WHAT: &str = "store";
    if let Err(e) = cx.store.get(&keys.latest()).await {
        return findings.error(WHAT, &e).map(|()| false);
    }
    // No principal has this name: theirs hold a colon.
    let key = keys.principal_lease("doctor");
    match keeps_conditions(&*cx.store, &key).await {
        Ok(true) => {
            findings.ok(
                WHAT,
                &format!("readable and writable, at {}", cx.store.place("")),
            )?;
            Ok(true)
        }
        Err(e) => findings.error(WHAT, &e).map(|()| false),
        Ok(false) => {
            let detail = format!(
                "{} overwrites what it was told to leave alone",
                cx.store.place(&key)
            );
            let fix = "Use a store with conditional writes (`If-None-Match`), such as Amazon S3: without them two \
                       runs can overwrite each other.";
            findings.fail(WHAT, &detail, fix).map(|()| false)
        }
    }
}

async fn lease_of(
    findings: &mut Findings,
    cx: &Context,
    keys: Keys<'_>,
    target: &Target,
) -> Result<(), Failure> {
    const WHAT: &str = "lease";
    let peek = match lease::peek(&*cx.store, &keys.lease()).await {
        Ok(peek) => peek,
        Err(e) => return findings.error(WHAT, &e),
    };
    let Some(peek) = peek.filter(|peek| peek.expires_at > cx.clock.now()) else {
        return findings.ok(WHAT, "free");
    };
    let until = format!("{:.0}", peek.expires_at);
    if peek.active {
        return findings.warn(
            WHAT,
            &format!(
                "held by run {}, until {until} unless it is renewed",
                peek.owner
            ),
            "A sync is at work. If it was killed, the lease is free at that time.",
        );
    }
    findings.warn(
        WHAT,
        &format!(
            "run {} is not finished, and waits to be gone on with; others may begin at {until}",
            peek.owner
        ),
        &format!(
            "Go on with it: {}",
            sync(target).option("--sync-id", Some(&peek.owner))
        ),
    )
}

async fn newest(
    findings: &mut Findings,
    cx: &Context,
    keys: Keys<'_>,
    target: &Target,
    identity: Option<&Identity>,
) -> Result<(), Failure> {
    const WHAT: &str = "newest snapshot";
    let latest = match get_json::<Latest>(&*cx.store, &keys.latest()).await {
        Ok(Some((latest, _))) => latest,
        Ok(None) => {
            return findings.warn(
                WHAT,
                "there is none yet",
                &format!("Make one: {}", sync(target)),
            );
        }
        Err(e) => return findings.error(WHAT, &e),
    };
    if let Some(identity) = identity
        && let Err(e) = tenant::same(keys, &latest.tenant, &identity.tenant)
    {
        return findings.error(WHAT, &e);
    }
    let age = between(latest.ended_at, cx.clock.now());
    let detail = format!("{} ended {} ago", latest.sync_id, in_words(age));
    if age > OLD {
        return findings.warn(
            WHAT,
            &detail,
            "See whether the schedule runs, and what the last sync said.",
        );
    }
    findings.ok(WHAT, &detail)
}

fn sync(target: &Target) -> CommandLine {
    target.command(&["sync", &target.connector])
}

fn in_words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_in_words() {
        for (seconds, words) in [
            (59, "0 minutes"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (259_200, "3 days"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
