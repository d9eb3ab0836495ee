//! `rollcall doctor`: checks everything that a sync needs, and says what to do.

use std::fmt::Display;
use std::io;
use std::time::Duration;

use rollcall_c1::{Agent, AgentEvent, InProcess, Listener};
use rollcall_connector::clock::between;
use rollcall_connector::event::check_connection;
use rollcall_connector::{Chain, Code, Error, Identity, Warning, counted};
use rollcall_engine::catalog::latest::Latest;
use rollcall_engine::catalog::tenant;
use rollcall_engine::context::{Context, Settings};
use rollcall_engine::runtime::capabilities::metadata;
use rollcall_engine::runtime::function::Entry;
use rollcall_engine::store::keys::Keys;
use rollcall_engine::store::{get_json, lease, supports_conditional_writes};
use serde::Serialize;

use crate::args::{DoctorArgs, Place, Target};
use crate::connectors;
use crate::failure::{Exit, Failure, advice};
use crate::output::{self, ReportFormat, line};
use crate::shell::CommandLine;

const DAY: u64 = 24 * 3600;

/// The age from which on a snapshot is worth a warning: syncs run daily, and one may have been missed.
const OLD: Duration = Duration::from_secs(2 * DAY);

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// What a check found, and what to do about it.
#[derive(Debug, Serialize)]
struct Finding {
    status: Status,
    check: &'static str,
    code: Option<String>,
    message: String,
    fix: Option<String>,
}

/// The findings so far. For people, each is printed at once; as JSON, all of them at the end.
struct Findings {
    format: ReportFormat,
    all: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, finding: Finding) -> io::Result<()> {
        if self.format == ReportFormat::Table {
            let Finding { status, check, message, .. } = &finding;
            let label = match status {
                Status::Ok => "ok  ",
                Status::Warn => "warn",
                Status::Fail => "fail",
            };
            let code = finding.code.as_ref().filter(|_| *status == Status::Fail);
            let code = code.map(|code| format!("{code}: ")).unwrap_or_default();
            line(&format!("{label}  {check}: {code}{message}"))?;
            finding.fix.iter().try_for_each(|fix| line(&format!("      {fix}")))?;
        }
        self.all.push(finding);
        Ok(())
    }

    fn ok(&mut self, check: &'static str, message: impl Display) -> io::Result<()> {
        let message = message.to_string();
        self.add(Finding { status: Status::Ok, check, code: None, message, fix: None })
    }

    fn problem(
        &mut self,
        status: Status,
        check: &'static str,
        message: impl Display,
        fix: impl Display,
    ) -> io::Result<()> {
        let (message, fix) = (message.to_string(), Some(fix.to_string()));
        self.add(Finding { status, check, code: None, message, fix })
    }

    fn error(&mut self, check: &'static str, error: &Error) -> io::Result<()> {
        self.add(Finding {
            status: Status::Fail,
            check,
            code: Some(error.code().to_string()),
            message: Chain(error).to_string(),
            fix: Some(advice(error).join(" ")),
        })
    }

    fn warnings(&mut self, check: &'static str, warnings: &[Warning]) -> io::Result<()> {
        warnings.iter().try_for_each(|Warning { code, message }| {
            let (code, message) = (code.clone(), message.clone());
            let fix = Some(format!("docs/codes.md explains `{code}`."));
            self.add(Finding { status: Status::Warn, check, code: Some(code), message, fix })
        })
    }

    fn finish(self) -> io::Result<Exit> {
        if self.format == ReportFormat::Json {
            output::json(&self.all)?;
        }
        Ok(match self.all.iter().any(|finding| finding.status == Status::Fail) {
            true => Exit::ProblemFound,
            false => Exit::Done,
        })
    }
}

/// The checks of one connection.
struct Doctor<'a> {
    cx: &'a Context,
    entry: &'a Entry,
    target: &'a Target,
    keys: Keys<'a>,
    findings: Findings,
}

/// Nobody works on tasks here.
struct Silent;

impl Listener for Silent {
    fn note(&self, _: &str) {}
}

/// Runs the command.
pub(crate) async fn run(args: DoctorArgs, place: Place) -> Result<Exit, Failure> {
    let target = &Target { connector: args.connector, place };
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
        findings: Findings { format: args.output, all: Vec::new() },
    };
    let identity = doctor.check_access().await?;
    if doctor.check_store().await? {
        doctor.check_lease().await?;
        doctor.check_newest(identity.as_ref()).await?;
    }
    Ok(doctor.findings.finish()?)
}

impl Doctor<'_> {
    /// The secret exists, the connector accepts its keys, and the vendor accepts the credential, which sees enough and lasts.
    async fn check_access(&mut self) -> io::Result<Option<Identity>> {
        const SECRET: &str = "configuration";
        let Keys { connector, connection } = self.keys;
        let found = match self.cx.configuration(self.entry.about, connection).await {
            Ok((_, found)) => found,
            Err(e) => return self.findings.error(SECRET, &e).map(|()| None),
        };
        let identified = self.entry.identify(self.cx, connection).await;
        // Keys that contradict each other are found only when the connector connects.
        if let Err(e) = &identified
            && e.code() == Code::BadConfiguration
        {
            return self.findings.error(SECRET, e).map(|()| None);
        }
        let place = self.cx.secrets.place(connector, connection);
        self.findings.ok(SECRET, format!("complete and well formed, in {place}"))?;
        self.findings.warnings(SECRET, &found)?;
        self.check_conductorone().await?;
        let identity = match identified {
            Ok((identity, _)) => identity,
            Err(e) => return self.findings.error("identity", &e).map(|()| None),
        };
        let Identity { tenant, caller, caller_name, .. } = &identity;
        let detail = format!("{caller_name} ({caller}) in tenant {tenant}");
        self.findings.ok("identity", detail)?;
        self.findings.ok("rights", &identity.rights)?;
        self.findings.warnings("rights", &identity.warnings)?;
        self.check_expiry(&identity)?;
        Ok(Some(identity))
    }

    /// ConductorOne accepts its credentials, if there are any, and takes a Hello. No task is taken.
    async fn check_conductorone(&mut self) -> io::Result<()> {
        const WHAT: &str = "conductorone";
        let event = AgentEvent {
            connection: self.keys.connection.to_owned(),
            metadata: metadata(self.entry),
        };
        let functions = InProcess { entry: self.entry, cx: self.cx };
        let name = self.keys.connector;
        let agent = match Agent::connect(self.cx, &functions, name, &event, &Silent).await {
            Ok(Some(agent)) => agent,
            Ok(None) => return Ok(()),
            Err(e) => return self.findings.error(WHAT, &e),
        };
        let changes = match agent.secret_provisioning() {
            Some(true) => "allowed",
            Some(false) => "not allowed",
            None => "as the stack's parameter says",
        };
        match agent.say_hello().await {
            Ok(()) => {
                let host = agent.host_id();
                self.findings.ok(WHAT, format!("connected as {host}; changes are {changes}"))
            }
            Err(e) => self.findings.error(WHAT, &e),
        }
    }

    fn check_expiry(&mut self, identity: &Identity) -> io::Result<()> {
        const WHAT: &str = "key expiry";
        const RENEW: &str = "Create a new key at the vendor, store it where the old one is, then delete the old one.";
        let Some(end) = identity.credential_expires_at else {
            return self.findings.ok(WHAT, "unknown: the vendor does not report it");
        };
        let now = self.cx.clock.now();
        if end <= now {
            return self.findings.problem(
                Status::Fail,
                WHAT,
                format!("the key expired at {end:.0}"),
                RENEW,
            );
        }
        let days = counted(between(now, end).as_secs() / DAY, "day");
        let detail = format!("the key expires in {days}, at {end:.0}");
        match identity.expiry_warning(now) {
            Some(_) => self.findings.problem(Status::Warn, WHAT, detail, RENEW),
            None => self.findings.ok(WHAT, detail),
        }
    }

    /// The store can be read and written, and has the conditional writes that publishing relies on.
    async fn check_store(&mut self) -> io::Result<bool> {
        const WHAT: &str = "store";
        let store = &*self.cx.store;
        if let Err(e) = store.get(&self.keys.latest()).await {
            return self.findings.error(WHAT, &e).map(|()| false);
        }
        // No principal has this name: theirs contain a colon.
        let key = self.keys.principal_lease("doctor");
        match supports_conditional_writes(store, &key).await {
            Ok(true) => {
                let detail = format!("readable and writable, at {}", store.place(""));
                self.findings.ok(WHAT, detail).map(|()| true)
            }
            Ok(false) => {
                let detail =
                    format!("a write with `If-None-Match` overwrites {}", store.place(&key));
                let fix = "Use a store with conditional writes, such as Amazon S3: without them two runs can overwrite each other.";
                self.findings.problem(Status::Fail, WHAT, detail, fix).map(|()| false)
            }
            Err(e) => self.findings.error(WHAT, &e).map(|()| false),
        }
    }

    async fn check_lease(&mut self) -> io::Result<()> {
        const WHAT: &str = "lease";
        let peek = match lease::peek(&*self.cx.store, &self.keys.lease()).await {
            Ok(peek) => peek,
            Err(e) => return self.findings.error(WHAT, &e),
        };
        let Some(peek) = peek.filter(|peek| peek.expires_at > self.cx.clock.now()) else {
            return self.findings.ok(WHAT, "free");
        };
        let (owner, until) = (&peek.owner, peek.expires_at);
        if peek.active {
            return self.findings.problem(
                Status::Warn,
                WHAT,
                format!("acquired by run {owner}, until {until:.0} unless it is renewed"),
                "A sync is running. If it was killed, the lease becomes free at that time.",
            );
        }
        let resume = self.sync().option("--sync-id", Some(owner));
        self.findings.problem(Status::Warn, WHAT,
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
                return self.findings.problem(Status::Warn, WHAT, "there is none yet", fix);
            }
            Err(e) => return self.findings.error(WHAT, &e),
        };
        if let Some(identity) = identity
            && let Err(e) = tenant::check_same(self.keys, &latest.tenant, &identity.tenant)
        {
            return self.findings.error(WHAT, &e);
        }
        let age = between(latest.ended_at, self.cx.clock.now());
        let detail = format!("{} ended {} ago", latest.sync_id, in_words(age));
        if age > OLD {
            let fix = "Check that the schedule is enabled, and what the last sync reported.";
            return self.findings.problem(Status::Warn, WHAT, detail, fix);
        }
        self.findings.ok(WHAT, detail)
    }

    fn sync(&self) -> CommandLine {
        self.target.command(&["sync", &self.target.connector])
    }
}

fn in_words(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "less than a minute".to_owned(),
        1..120 => counted(minutes, "minute"),
        120..2880 => counted(minutes / 60, "hour"),
        _ => counted(minutes / 1440, "day"),
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
