//! The sources of a connection's secret: AWS Secrets Manager, a folder of files, or the environment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use rollcall_connector::config::entries::{Entries, parse};
use rollcall_connector::config::variable;
use rollcall_connector::{Code, Error, ErrorType};
use secrecy::SecretString;

/// Holds one secret per connection.
#[async_trait]
pub trait SecretSource: Send + Sync {
    /// The keys and values of a connection.
    async fn get(&self, connector: &str, connection: &str) -> Result<Entries, Error>;

    /// The location of that secret, for people.
    fn place(&self, connector: &str, connection: &str) -> String;

    /// What to do about these keys, which are missing or malformed, where that is not to correct a secret.
    fn fix(&self, _keys: &[&str]) -> Option<String> {
        None
    }
}

/// An error for a connection that has no secret.
pub(crate) fn missing(connector: &str, connection: &str, place: &str) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::UnknownConnection,
        format!("there is no secret for connection `{connection}` of {connector} at {place}"),
        "Create the secret, or correct the connection's name in the event or after --connection.",
    )
}

/// Variables `BATON_*` of the environment, only for the connection `default`.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, SecretString>,
}

impl Environment {
    /// The process's own variables.
    pub fn of_process() -> Self {
        Self::new(std::env::vars())
    }

    /// These variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter().filter(|(key, _)| key.starts_with("BATON_"));
        Self { variables: ours.map(|(key, value)| (key, value.into())).collect() }
    }
}

#[async_trait]
impl SecretSource for Environment {
    async fn get(&self, connector: &str, connection: &str) -> Result<Entries, Error> {
        if connection != "default" {
            return Err(Error::new(
                ErrorType::Misconfigured,
                Code::UnknownConnection,
                format!(
                    "there is no secret for connection `{connection}` of {connector}: the environment holds only `default`"
                ),
                "Leave out the connection's name, or set ROLLCALL_SECRETS to `file:FOLDER` or `secretsmanager`, where each connection has a secret.",
            ));
        }
        Ok(self.variables.clone().into_iter().collect())
    }

    fn place(&self, _: &str, _: &str) -> String {
        "environment variables BATON_*".into()
    }

    fn fix(&self, keys: &[&str]) -> Option<String> {
        let variables = keys.iter().map(|key| variable(key)).collect::<Vec<_>>().join(", ");
        (!keys.is_empty()).then(|| format!("Set or correct {variables}, or set ROLLCALL_SECRETS if the secret is in a file or in AWS. Then run again."))
    }
}

/// A folder: `<connector>/<connection>.json`.
#[derive(Debug, Clone)]
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The folder that holds the files.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { folder }
    }

    fn path(&self, connector: &str, connection: &str) -> PathBuf {
        let folder = self.folder.join(connector);
        folder.join(format!("{connection}.json"))
    }
}

#[async_trait]
impl SecretSource for Files {
    async fn get(&self, connector: &str, connection: &str) -> Result<Entries, Error> {
        let place = self.place(connector, connection);
        match std::fs::read(self.path(connector, connection)) {
            Ok(bytes) => parse(&bytes, &place),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                Err(missing(connector, connection, &place))
            }
            Err(e) => Err(Error::new(
                ErrorType::Misconfigured,
                Code::SecretNotReadable,
                format!("the secret at {place} cannot be read"),
                "Give this user permission to read the file.",
            )
            .with_source(e)),
        }
    }

    fn place(&self, connector: &str, connection: &str) -> String {
        self.path(connector, connection).display().to_string()
    }
}

/// AWS Secrets Manager: `<prefix>/<connector>/<connection>`.
#[derive(Debug)]
pub struct SecretsManager {
    prefix: String,
    sdk: crate::aws::Sdk,
}

impl SecretsManager {
    /// Secrets whose names begin with `prefix`.
    pub fn new(prefix: impl Into<String>, sdk: crate::aws::Sdk) -> Self {
        Self { prefix: prefix.into(), sdk }
    }

    fn name(&self, connector: &str, connection: &str) -> String {
        format!("{}/{connector}/{connection}", self.prefix)
    }
}

#[async_trait]
impl SecretSource for SecretsManager {
    async fn get(&self, connector: &str, connection: &str) -> Result<Entries, Error> {
        use aws_sdk_secretsmanager::error::SdkError;

        let name = self.name(connector, connection);
        let place = self.place(connector, connection);
        let client = self.sdk.secrets_manager().await;
        match client.get_secret_value().secret_id(&name).send().await {
            Ok(answer) => {
                let text = answer.secret_string().map(str::as_bytes);
                let binary = answer.secret_binary().map(AsRef::as_ref);
                parse(text.or(binary).unwrap_or_default(), &place)
            }
            Err(SdkError::ServiceError(e)) if e.err().is_resource_not_found_exception() => {
                Err(missing(connector, connection, &place))
            }
            // A deleted secret exists for some days, but cannot be read.
            Err(SdkError::ServiceError(e)) if e.err().is_invalid_request_exception() => {
                Err(Error::new(
                    ErrorType::Misconfigured,
                    Code::SecretDeleted,
                    format!("the secret at {place} is being deleted"),
                    "Restore the secret, or store it again under this name.",
                ))
            }
            Err(e) => {
                let what = format!("read {place}");
                Err(crate::aws::error(Code::SecretNotReadable, &what, e))
            }
        }
    }

    fn place(&self, connector: &str, connection: &str) -> String {
        format!("Secrets Manager `{}`", self.name(connector, connection))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_is_missing_or_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = Files::new(folder.path());
        let failure = async || files.get("toybox", "acme").await.expect_err("no secret");
        let missing = failure().await;
        std::fs::create_dir_all(folder.path().join("toybox/acme.json")).expect("a folder");
        for (error, code, fix) in [
            (missing, "UnknownConnection", "Create the secret"),
            (failure().await, "SecretNotReadable", "Give this user permission to read the file"),
        ] {
            assert_eq!((error.kind(), error.code().as_str()), (ErrorType::Misconfigured, code));
            assert!(error.to_string().contains("toybox/acme.json"), "{error}");
            assert!(error.fix().contains(fix), "{}", error.fix());
        }
    }
}
