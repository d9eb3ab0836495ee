//! What surrounds a function: a store, secrets, time, connections. The same code runs everywhere; only this differs.

pub mod gauges;
pub mod interrupt;
pub mod secrets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rollcall_connector::Code;

use crate::context::gauges::Gauges;
use crate::context::interrupt::Interrupt;
use crate::context::secrets::{Environment, Files, SecretSource};
use crate::store::Store;
use crate::store::folder::Folder;
use rollcall_connector::clock::{Clock, System, before};
use rollcall_connector::http::limit::{Meter, Usage};
use rollcall_connector::http::{Session, Transport};
use rollcall_connector::network::Network;
use rollcall_connector::{Connector, Error, ErrorType};

/// What surrounds a function.
#[derive(Clone)]
pub struct Context {
    /// Where everything that lasts is kept.
    pub store: Arc<dyn Store>,
    /// Where audit records are kept: the same, or a place of their own (`ROLLCALL_AUDIT_STORE`).
    pub audit: Arc<dyn Store>,
    /// Where secrets come from.
    pub secrets: Arc<dyn SecretSource>,
    /// Time and unique numbers.
    pub clock: Arc<dyn Clock>,
    /// The connections of this process.
    pub transport: Transport,
    /// When this invocation ends; `None`: never.
    pub deadline: Option<Timestamp>,
    /// Receives the progress of a sync.
    pub progress: Option<Arc<dyn ProgressListener>>,
    /// A request to stop soon; nobody raises it unless somebody was given it.
    pub interrupt: Interrupt,
    /// What this invocation measures.
    pub gauges: Arc<Gauges>,
    /// What can be tuned.
    pub settings: Settings,
}

/// What can be tuned; the defaults are right for nearly everybody.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether snapshots hold what follows from group membership (`ROLLCALL_EXPAND`). C1 expands by itself and takes
    /// snapshots without.
    pub expand: bool,
    /// An unfinished run older than this starts again instead of going on.
    pub max_run_age: Duration,
    /// A lease that is not renewed for so long is free, where nothing says how long this process may run.
    pub lease: Duration,
    /// How often an unfinished run is saved.
    pub checkpoint_every: Duration,
    /// A longer wait for a rate limit is left to the caller.
    pub max_wait: Duration,
    /// How long a write waits for the vendor to carry it out, within the deadline.
    pub max_operation: Duration,
    /// A slice of a sync ends after so many steps; `None`: when its time is over.
    pub max_steps: Option<usize>,
    /// How large the working database may grow, in pages of 4 KiB; `None`: as large as the disk.
    pub max_pages: Option<u64>,
    /// Where temporary files go; `None`: where the system puts them.
    pub scratch: Option<PathBuf>,
    /// How long an invocation may take when Lambda does not say (`ROLLCALL_TIMEOUT_SECONDS`): under an emulator.
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
            max_steps: None,
            max_pages: None,
            scratch: None,
            timeout: None,
        }
    }
}

/// How far a sync has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SyncProgress {
    /// Steps that are done.
    pub steps_done: u64,
    /// Steps that are known so far, done ones included.
    pub steps_known: u64,
    /// Rows that they brought.
    pub records: u64,
    /// What it took.
    pub usage: Usage,
    /// All steps are done, and the snapshot is being written.
    pub finishing: bool,
}

/// Receives the progress of a sync.
pub trait ProgressListener: Send + Sync {
    /// Called after every step.
    fn at(&self, progress: SyncProgress);
}

impl Context {
    /// One without a deadline or anything unusual.
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
            deadline: None,
            progress: None,
            interrupt: Interrupt::default(),
            gauges: Arc::default(),
            settings: Settings::default(),
        }
    }

    /// What the environment variables say: `ROLLCALL_STORE`, `ROLLCALL_AUDIT_STORE`, `ROLLCALL_SECRETS`,
    /// `ROLLCALL_SECRET_PREFIX`, `ROLLCALL_CA_BUNDLE`, `ROLLCALL_EXPAND`, `ROLLCALL_TIMEOUT_SECONDS`, and those of proxies
    /// ([`Network::from_variables`]).
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_environment_with_store(None)
    }

    /// The same, with a store that goes before `ROLLCALL_STORE`.
    pub fn from_environment_with_store(store: Option<String>) -> Result<Self, Error> {
        let variable = |name: &str| match (name, &store) {
            ("ROLLCALL_STORE", Some(store)) => Some(store.clone()),
            _ => std::env::var(name).ok().filter(|v| !v.is_empty()),
        };
        Self::from_variables(&variable)
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let network = Network::from_variables(variable)?;
        let sdk = crate::aws::Sdk::new(&network)?;
        let expand = match variable("ROLLCALL_EXPAND").as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => return Err(misconfigured("ROLLCALL_EXPAND must be `true` or `false`")),
        };
        let timeout = variable("ROLLCALL_TIMEOUT_SECONDS")
            .map(|text| seconds(&text))
            .transpose()?;
        let open = |text: &str| open_store(text, &sdk);
        let store = open(
            variable("ROLLCALL_STORE")
                .as_deref()
                .unwrap_or("./rollcall-data"),
        )?;
        let audit = variable("ROLLCALL_AUDIT_STORE").map(|text| open(&text));
        let secrets = open_secrets(variable, sdk.clone())?;
        let transport = Transport::new(Some(&network))?;
        Ok(Self {
            audit: audit.transpose()?.unwrap_or_else(|| store.clone()),
            settings: Settings {
                expand,
                timeout,
                ..Settings::default()
            },
            ..Self::new(store, secrets, Arc::new(System), transport)
        })
    }

    /// What an invocation gives to its HTTP clients. Counting begins anew.
    pub fn session(&self) -> Session {
        let meter = Arc::<Meter>::default();
        self.gauges.counts(meter.clone());
        Session {
            transport: self.transport.clone(),
            clock: self.clock.clone(),
            // No request may take what is needed to write down what is known.
            deadline: self
                .deadline
                .map(|deadline| before(deadline, self.reserve())),
            max_wait: self.settings.max_wait,
            meter,
        }
    }

    /// Connects to a vendor with the secret of a connection. Talks to the secret's source only.
    pub async fn connect<C: Connector>(
        &self,
        connection: &str,
        session: Session,
    ) -> Result<Connected<C>, Error> {
        let secret = self.secrets.get(C::ABOUT.name, connection).await?;
        let (config, warnings) =
            rollcall_connector::config::Config::check(C::ABOUT.fields, &secret).map_err(|e| {
                let place = self.secrets.place(C::ABOUT.name, connection);
                Error::new(
                    e.kind(),
                    e.code(),
                    format!("{e} (at {place})"),
                    e.fix().to_owned(),
                )
            })?;
        Ok(Connected {
            connector: C::connect(&config, session)?,
            warnings,
        })
    }

    /// How long a lease must hold: until this process can do nothing any more, where that is known.
    pub fn lease(&self) -> Duration {
        /// Clocks differ.
        const MARGIN: Duration = Duration::from_secs(15);
        match self.deadline {
            Some(_) => self.remaining() + MARGIN,
            None => self.settings.lease,
        }
    }

    /// What is kept of the time that is left for saving, answering and giving back a lease, whatever the vendor does.
    pub fn reserve(&self) -> Duration {
        const RESERVE: Duration = Duration::from_secs(5);
        RESERVE.min(self.remaining() / 6)
    }

    /// How much time is left.
    pub fn remaining(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            rollcall_connector::clock::between(self.clock.now(), deadline)
        })
    }
}

/// A connector with its configuration.
pub struct Connected<C> {
    /// The connector.
    pub connector: C,
    /// What its configuration made us wonder about.
    pub warnings: Vec<rollcall_connector::Warning>,
}

fn open_store(text: &str, sdk: &crate::aws::Sdk) -> Result<Arc<dyn Store>, Error> {
    // `s3:/bucket` is a slip, and no folder.
    if !text.contains("://") && !text.starts_with("s3:") {
        return Ok(Arc::new(Folder::new(text)));
    }
    if let Some(s3) = crate::store::s3::S3::parse(text, sdk.clone()) {
        return Ok(Arc::new(s3));
    }
    Err(misconfigured(
        "a store (ROLLCALL_STORE, ROLLCALL_AUDIT_STORE, --store) must be a folder or s3://bucket/prefix",
    ))
}

fn open_secrets(
    variable: &dyn Fn(&str) -> Option<String>,
    sdk: crate::aws::Sdk,
) -> Result<Arc<dyn SecretSource>, Error> {
    let on_lambda = variable("AWS_LAMBDA_FUNCTION_NAME").is_some();
    let default = if on_lambda { "secretsmanager" } else { "env" };
    let source = variable("ROLLCALL_SECRETS").unwrap_or_else(|| default.into());
    match source.as_str() {
        "env" => Ok(Arc::new(Environment::of_process())),
        "secretsmanager" => {
            let prefix = variable("ROLLCALL_SECRET_PREFIX").unwrap_or_else(|| "rollcall".into());
            Ok(Arc::new(crate::context::secrets::SecretsManager::new(
                prefix, sdk,
            )))
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
    let seconds = text.parse::<u32>().ok().filter(|n| *n > 0);
    seconds
        .map(|n| Duration::from_secs(n.into()))
        .ok_or_else(|| {
            misconfigured("ROLLCALL_TIMEOUT_SECONDS must be a number of seconds, 1 or more")
        })
}

fn misconfigured(message: &str) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadEnvironment,
        message,
        "Correct this environment variable.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_where_things_are() {
        let with = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect();
            Context::from_variables(&|name| {
                pairs
                    .iter()
                    .find(|(k, _)| k == name)
                    .map(|(_, v)| v.clone())
            })
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
        let files = with(&[
            ("ROLLCALL_SECRETS", "file:/s"),
            ("ROLLCALL_EXPAND", "false"),
        ])
        .expect("usable");
        assert_eq!(files.secrets.place("c", "d"), "/s/c/d.json");
        assert!(!files.settings.expand);
        for bad in [
            ("ROLLCALL_STORE", "ftp://x"),
            ("ROLLCALL_AUDIT_STORE", "ftp://x"),
            ("ROLLCALL_SECRETS", "vault"),
            ("ROLLCALL_SECRETS", "file:"),
            ("ROLLCALL_EXPAND", "maybe"),
            ("ROLLCALL_STORE", "s3:/b"),
            ("ROLLCALL_TIMEOUT_SECONDS", "soon"),
        ] {
            assert_eq!(
                with(&[bad]).map(|_| ()).expect_err("unusable").code(),
                "BadEnvironment"
            );
        }
    }
}
