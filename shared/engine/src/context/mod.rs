//! The environment of a function: store, secrets, clock, HTTP connections. On Lambda and on a laptop only this differs.

pub mod gauges;
pub mod secrets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::aws::Sdk;
use crate::context::gauges::Gauges;
use crate::context::secrets::{Environment, Files, SecretSource, SecretsManager};
use crate::store::Store;
use crate::store::folder::Folder;
use crate::store::s3::S3;
use rollcall_connector::clock::{Clock, System, before, between};
use rollcall_connector::config::Config;
use rollcall_connector::http::limit::Usage;
use rollcall_connector::http::{DEFAULT_ATTEMPTS, RetryListener, Session, Transport};
use rollcall_connector::interrupt::Interrupt;
use rollcall_connector::network::Network;
use rollcall_connector::{About, Code, Connector, Error, ErrorType, Warning};

/// The environment of a function.
#[derive(Clone)]
pub struct Context {
    /// The store of everything that lasts.
    pub store: Arc<dyn Store>,
    /// The store of audit records: the same one, or a separate one (`ROLLCALL_AUDIT_STORE`).
    pub audit: Arc<dyn Store>,
    /// The source of the connections' secrets.
    pub secrets: Arc<dyn SecretSource>,
    /// Time and unique ids.
    pub clock: Arc<dyn Clock>,
    /// The HTTP connections of this process.
    pub transport: Transport,
    /// AWS, for what is neither store nor secret.
    pub aws: Sdk,
    /// When this invocation ends; `None`: never.
    pub deadline: Option<Timestamp>,
    /// Receives the progress of a sync.
    pub progress: Option<Arc<dyn ProgressListener>>,
    /// Receives each retry of a request to a vendor.
    pub retries: Option<Arc<dyn RetryListener>>,
    /// The operator's request to stop soon.
    pub interrupt: Interrupt,
    /// The measurements of this invocation.
    pub gauges: Arc<Gauges>,
    /// Limits and switches.
    pub settings: Settings,
}

/// Outages with more time between them are not consecutive: the waits between six attempts are shorter.
pub(crate) const IN_A_ROW: Duration = Duration::from_secs(1800);

/// Limits and switches. The defaults suit nearly every installation.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether snapshots contain the grants that expandable ones imply (`ROLLCALL_EXPAND`). C1 expands by itself.
    pub expand: bool,
    /// An unfinished run that is older starts again instead of being resumed.
    pub max_run_age: Duration,
    /// How long a lease lasts without renewal, if the end of this process is unknown.
    pub lease: Duration,
    /// How often an unfinished run is saved.
    pub checkpoint_every: Duration,
    /// A longer wait for a rate limit is left to the caller.
    pub max_wait: Duration,
    /// How long a write waits for the vendor to carry it out, within the deadline.
    pub max_operation: Duration,
    /// How often a request to a vendor is sent at most, if it fails for temporary reasons. With 1, requests to AWS are
    /// sent once, too.
    pub attempts: u32,
    /// How many consecutive outages are waited for and retried before the failure is returned.
    pub retries: u32,
    /// The longest time that a temporary grant may last, in days (`ROLLCALL_MAX_GRANT_DAYS`).
    pub max_grant_days: u16,
    /// The maximum number of steps in a slice of a sync; `None`: as many as its time allows.
    pub max_steps: Option<usize>,
    /// The largest size of the working database, in pages of 4 KiB; `None`: the disk's.
    pub max_pages: Option<u64>,
    /// The folder for temporary files; `None`: the system's.
    pub scratch: Option<PathBuf>,
    /// The timeout of an invocation if Lambda gives no deadline, under an emulator (`ROLLCALL_TIMEOUT_SECONDS`).
    pub timeout: Option<Duration>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            expand: true,
            max_run_age: Duration::from_secs(6 * 3600),
            lease: Duration::from_secs(180),
            checkpoint_every: Duration::from_secs(60),
            max_wait: Duration::from_secs(15),
            max_operation: Duration::from_secs(60),
            attempts: DEFAULT_ATTEMPTS,
            retries: 6,
            max_grant_days: 90,
            max_steps: None,
            max_pages: None,
            scratch: None,
            timeout: None,
        }
    }
}

/// The progress of a sync.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the other fields are self-explanatory")]
pub struct SyncProgress {
    pub steps_done: u64,
    /// Steps known so far, including finished ones.
    pub steps_known: u64,
    /// Records of the steps that are done.
    pub records: u64,
    /// Requests and waits so far.
    pub usage: Usage,
    /// Whether all steps are done and the snapshot is being written.
    pub finishing: bool,
}

/// Receives the progress of a sync.
pub trait ProgressListener: Send + Sync {
    /// Called after every step.
    fn at(&self, progress: SyncProgress);
}

impl Context {
    /// A context without a deadline, with default settings.
    pub fn new(
        store: Arc<dyn Store>,
        secrets: Arc<dyn SecretSource>,
        clock: Arc<dyn Clock>,
        transport: Transport,
    ) -> Self {
        Self {
            audit: store.clone(),
            store,
            secrets,
            clock,
            transport,
            aws: Sdk::default(),
            deadline: None,
            progress: None,
            retries: None,
            interrupt: Interrupt::default(),
            gauges: Arc::default(),
            settings: Settings::default(),
        }
    }

    /// The context that the environment variables describe: `ROLLCALL_STORE`, `ROLLCALL_AUDIT_STORE`, `ROLLCALL_SECRETS`,
    /// `ROLLCALL_SECRET_PREFIX`, `ROLLCALL_CA_BUNDLE`, `ROLLCALL_EXPAND`, `ROLLCALL_TIMEOUT_SECONDS`,
    /// `ROLLCALL_MAX_GRANT_DAYS`, and those of proxies ([`Network::from_variables`]).
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_environment_with_store(None)
    }

    /// As [`Context::from_environment`], with a store that overrides `ROLLCALL_STORE`.
    pub fn from_environment_with_store(store: Option<String>) -> Result<Self, Error> {
        Self::from_environment_with(store, Settings::default())
    }

    /// As [`Context::from_environment_with_store`], with these settings where no variable gives them.
    pub fn from_environment_with(store: Option<String>, base: Settings) -> Result<Self, Error> {
        let variable = |name: &str| match (name, &store) {
            ("ROLLCALL_STORE", Some(store)) => Some(store.clone()),
            // Set but empty is an error, as `--store ""` is: it is a variable that was not filled in.
            ("ROLLCALL_STORE", None) => std::env::var(name).ok(),
            _ => std::env::var(name).ok().filter(|v| !v.is_empty()),
        };
        Self::from_variables(&variable, base)
    }

    fn from_variables(
        variable: &dyn Fn(&str) -> Option<String>,
        base: Settings,
    ) -> Result<Self, Error> {
        let network = Network::from_variables(variable)?;
        let sdk = Sdk::new(&network, base.attempts)?;
        let expand = match variable("ROLLCALL_EXPAND").as_deref() {
            None => base.expand,
            Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(misconfigured("ROLLCALL_EXPAND must be `true` or `false`")),
        };
        let timeout =
            variable("ROLLCALL_TIMEOUT_SECONDS").map(|text| seconds(&text)).transpose()?;
        let days = variable("ROLLCALL_MAX_GRANT_DAYS").map(|text| days(&text)).transpose()?;
        let open = |text: &str| open_store(text, &sdk);
        let store = variable("ROLLCALL_STORE");
        let store = open(store.as_deref().unwrap_or("./rollcall-data"))?;
        let audit = variable("ROLLCALL_AUDIT_STORE").map(|text| open(&text));
        let secrets = open_secrets(variable, sdk.clone())?;
        let transport = Transport::new(Some(&network))?;
        Ok(Self {
            audit: audit.transpose()?.unwrap_or_else(|| store.clone()),
            aws: sdk,
            settings: Settings {
                expand,
                timeout: timeout.or(base.timeout),
                max_grant_days: days.unwrap_or(base.max_grant_days),
                ..base
            },
            ..Self::new(store, secrets, Arc::new(System), transport)
        })
    }

    /// A new session for HTTP clients, with counters at zero.
    pub fn session(&self) -> Session {
        let session = Session {
            // The rest of the time is for saving.
            deadline: self.deadline.map(|at| before(at, self.shutdown_reserve())),
            max_wait: self.settings.max_wait,
            attempts: self.settings.attempts,
            retries: self.retries.clone(),
            interrupt: self.interrupt.clone(),
            ..Session::new(self.transport.clone(), self.clock.clone())
        };
        self.gauges.counts(session.meter.clone());
        session
    }

    /// Connects to a vendor with the secret of a connection. Sends requests only to the secret's source.
    pub async fn connect<C: Connector>(
        &self,
        connection: &str,
        session: Session,
    ) -> Result<Connected<C>, Error> {
        let (config, warnings) = self.configuration(C::ABOUT, connection).await?;
        let connector = C::connect(&config, session);
        let connector = connector.map_err(|e| self.name_source(e, C::ABOUT, connection))?;
        Ok(Connected { connector, warnings })
    }

    /// Reads and checks the configuration of a connection.
    pub async fn configuration(
        &self,
        about: &About,
        connection: &str,
    ) -> Result<(Config, Vec<Warning>), Error> {
        let secret = self.secrets.get(about.name, connection).await?;
        Config::check(about.fields, &secret).map_err(|e| self.name_source(e, about, connection))
    }

    /// The error of a configuration, with where it was read from, and what to do there.
    fn name_source(&self, e: Error, about: &About, connection: &str) -> Error {
        if e.code() != Code::BadConfiguration {
            return e;
        }
        let fix = self.secrets.fix(e.keys()).unwrap_or_else(|| e.fix().to_owned());
        let message = format!("{e} (in {})", self.secrets.place(about.name, connection));
        Error::new(e.kind(), e.code(), message, fix)
    }

    /// How long a lease must last: until this process has ended, where that time is known.
    pub fn lease_duration(&self) -> Duration {
        /// Clocks differ.
        const MARGIN: Duration = Duration::from_secs(15);
        match self.deadline {
            Some(_) => self.remaining() + MARGIN,
            None => self.settings.lease,
        }
    }

    /// The part of the remaining time that is reserved for saving, answering and releasing the lease.
    pub fn shutdown_reserve(&self) -> Duration {
        const RESERVE: Duration = Duration::from_secs(5);
        RESERVE.min(self.remaining() / 6)
    }

    /// Waits. The result is `false` if the operator asked to stop.
    pub(crate) async fn pause(&self, time: Duration) -> bool {
        self.interrupt.sleep(&*self.clock, time).await
    }

    /// The time until the deadline.
    pub fn remaining(&self) -> Duration {
        let until = |deadline| between(self.clock.now(), deadline);
        self.deadline.map_or(Duration::MAX, until)
    }
}

/// A connector with its configuration.
pub struct Connected<C> {
    /// The connector.
    pub connector: C,
    /// Warnings about its configuration.
    pub warnings: Vec<Warning>,
}

fn open_store(text: &str, sdk: &Sdk) -> Result<Arc<dyn Store>, Error> {
    // `s3:/bucket` is a typing error, not a folder.
    let is_folder = !text.is_empty() && !text.contains("://") && !text.starts_with("s3:");
    if is_folder {
        return Ok(Arc::new(Folder::new(text)));
    }
    match S3::parse(text, sdk.clone()) {
        Some(s3) => Ok(Arc::new(s3)),
        None => Err(misconfigured(
            "a store (ROLLCALL_STORE, ROLLCALL_AUDIT_STORE, --store) must be a folder or s3://bucket/prefix, and not empty",
        )),
    }
}

fn open_secrets(
    variable: &dyn Fn(&str) -> Option<String>,
    sdk: Sdk,
) -> Result<Arc<dyn SecretSource>, Error> {
    let on_lambda = variable("AWS_LAMBDA_FUNCTION_NAME").is_some();
    let default = if on_lambda { "secretsmanager" } else { "env" };
    let source = variable("ROLLCALL_SECRETS").unwrap_or_else(|| default.into());
    match source.as_str() {
        "env" => Ok(Arc::new(Environment::of_process())),
        "secretsmanager" => {
            let prefix = variable("ROLLCALL_SECRET_PREFIX").unwrap_or_else(|| "rollcall".into());
            Ok(Arc::new(SecretsManager::new(prefix, sdk)))
        }
        other => match other.strip_prefix("file:") {
            Some(folder) if !folder.is_empty() => Ok(Arc::new(Files::new(folder))),
            _ => Err(misconfigured(
                "ROLLCALL_SECRETS must be `secretsmanager`, `env` or `file:FOLDER`",
            )),
        },
    }
}

fn seconds(text: &str) -> Result<Duration, Error> {
    match text.parse::<u32>() {
        Ok(n) if n > 0 => Ok(Duration::from_secs(n.into())),
        _ => Err(misconfigured("ROLLCALL_TIMEOUT_SECONDS must be a number of seconds, 1 or more")),
    }
}

fn days(text: &str) -> Result<u16, Error> {
    text.parse().ok().filter(|days| (1..=366).contains(days)).ok_or_else(|| {
        misconfigured("ROLLCALL_MAX_GRANT_DAYS must be a number of days from 1 to 366")
    })
}

fn misconfigured(message: &str) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadEnvironment,
        message,
        "Correct this variable or option.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_names_the_stores_and_the_secrets() {
        let with = |pairs: &[(&str, &str)]| {
            let variable = |name: &str| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| value.to_string())
            };
            Context::from_variables(&variable, Settings::default())
        };
        let local = with(&[]).expect("usable");
        assert_eq!(local.store.place("k"), "./rollcall-data/k");
        assert_eq!(local.audit.place("k"), "./rollcall-data/k");
        let apart = with(&[("ROLLCALL_AUDIT_STORE", "/audit")]).expect("usable");
        assert_eq!(
            (apart.store.place("k"), apart.audit.place("k")),
            ("./rollcall-data/k".into(), "/audit/k".into())
        );
        assert!(local.secrets.place("c", "d").contains("BATON_*"));
        let files =
            with(&[("ROLLCALL_SECRETS", "file:/s"), ("ROLLCALL_EXPAND", "false")]).expect("usable");
        assert_eq!(files.secrets.place("c", "d"), "/s/c/d.json");
        assert!(!files.settings.expand);
        for bad in [
            ("ROLLCALL_STORE", "ftp://x"),
            ("ROLLCALL_AUDIT_STORE", "ftp://x"),
            ("ROLLCALL_SECRETS", "vault"),
            ("ROLLCALL_SECRETS", "file:"),
            ("ROLLCALL_EXPAND", "maybe"),
            ("ROLLCALL_STORE", "s3:/b"),
            ("ROLLCALL_STORE", ""),
            ("ROLLCALL_TIMEOUT_SECONDS", "soon"),
            ("ROLLCALL_MAX_GRANT_DAYS", "0"),
            ("ROLLCALL_MAX_GRANT_DAYS", "367"),
        ] {
            assert_eq!(with(&[bad]).map(|_| ()).expect_err("unusable").code(), "BadEnvironment");
        }
    }
}
