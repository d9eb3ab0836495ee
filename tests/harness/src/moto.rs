//! A local AWS: `moto`'s server (<https://docs.getmoto.org/en/latest/docs/server_mode.html>) as a child process.
//!
//! The environment variable `ROLLCALL_MOTO` names the Python virtual environment that has it:
//!
//! ```sh
//! python3 -m venv .venv && .venv/bin/pip install -r tests/requirements.txt
//! ROLLCALL_MOTO=$PWD/.venv cargo test
//! ```
//!
//! `ROLLCALL_RECORDINGS` names a folder: then each server writes there what it is asked. Permissions are held against that.

use std::ffi::OsString;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Reply, request};
use crate::process::{Launch, Process};

/// Where the virtual environment is.
pub const VARIABLE: &str = "ROLLCALL_MOTO";

/// Where what servers are asked is written, if anybody wants to know.
const RECORDINGS: &str = "ROLLCALL_RECORDINGS";

/// moto does not check signatures, but takes a request without one for an anonymous one; the service is read from the scope.
const S3: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
const SECRETS: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/secretsmanager/aws4_request, SignedHeaders=host, Signature=0";
/// How many secrets were written: the SDKs send a token of their own making with each, and here it is a number.
static TOKENS: AtomicU64 = AtomicU64::new(1);

/// A server with nothing in it. Dropping it ends it.
#[derive(Debug)]
pub struct Moto {
    address: String,
    process: Process,
}

impl Moto {
    /// Starts a server on a free port and waits until it answers. `None`, with a line on standard error that says why, when
    /// `ROLLCALL_MOTO` is not set.
    ///
    /// # Errors
    /// When it is set and the server does not start.
    pub async fn start() -> Result<Option<Self>> {
        let Some(folder) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
            // Past the capture of the test runner: a skipped test must be seen.
            writeln!(
                std::io::stderr(),
                "skipped: {VARIABLE} is not set (the path of a Python virtual environment that has moto)"
            )?;
            return Ok(None);
        };
        Self::start_from(&PathBuf::from(folder)).await.map(Some)
    }

    /// Starts the server of this virtual environment.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start_from(folder: &Path) -> Result<Self> {
        // Port 0: the system chooses, the server says which. Asking for a free port first would be a race.
        let process = Launch::new(folder.join("bin/python"))
            .envs(recording())
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .arg("-m")
            .arg("moto.server")
            .arg("-H")
            .arg("127.0.0.1")
            .arg("-p")
            .arg("0")
            .spawn()?;
        let line = process
            .wait_for_line(Duration::from_secs(60), |line| {
                line.contains("Running on http://")
            })
            .await?;
        let address = line
            .rsplit("http://")
            .next()
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':'))
            .collect();
        let moto = Self { address, process };
        for _ in 0..100 {
            if request(&moto.address, "GET", "/moto-api/", &[], b"")
                .await
                .is_ok_and(|reply| reply.status == 200)
            {
                return Ok(moto);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Error::other(format!(
            "moto does not answer; output: {:#?}",
            moto.process.stderr()
        )))
    }

    /// `http://127.0.0.1:port`, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The variables that make an AWS SDK talk to this server.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let endpoint = self.endpoint();
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// The same for a function: its name is the access key, so that a recording tells who asked.
    #[must_use]
    pub fn env_of(&self, function: &str) -> Vec<(String, String)> {
        let mut variables = self.env();
        for (name, value) in &mut variables {
            if name == "AWS_ACCESS_KEY_ID" {
                function.clone_into(value);
            }
        }
        variables
    }

    /// The lines the server has logged: one a request.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.process.stderr()
    }

    /// Forgets everything.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn reset(&self) -> Result<()> {
        good(request(&self.address, "POST", "/moto-api/reset", &[], b"").await?).map(drop)
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_bucket(&self, bucket: &str) -> Result<()> {
        good(self.s3("PUT", &format!("/{bucket}"), b"").await?).map(drop)
    }

    /// Writes an object.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn put_object(&self, bucket: &str, key: &str, body: &[u8]) -> Result<()> {
        good(self.s3("PUT", &path(bucket, key), body).await?).map(drop)
    }

    /// Reads an object, `None` when there is none.
    ///
    /// # Errors
    /// When the server refuses for another reason.
    pub async fn get_object(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let reply = self.s3("GET", &path(bucket, key), b"").await?;
        if reply.status == 404 {
            Ok(None)
        } else {
            good(reply).map(|reply| Some(reply.body))
        }
    }

    /// Deletes an object; that there was none is no error.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn delete_object(&self, bucket: &str, key: &str) -> Result<()> {
        good(self.s3("DELETE", &path(bucket, key), b"").await?).map(drop)
    }

    /// The keys under a prefix, sorted; the first thousand.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn list_objects(&self, bucket: &str, prefix: &str) -> Result<Vec<String>> {
        let reply = good(
            self.s3(
                "GET",
                &format!("/{bucket}?list-type=2&prefix={prefix}"),
                b"",
            )
            .await?,
        )?;
        let text = reply.text();
        let keys = text
            .split("<Key>")
            .skip(1)
            .filter_map(|part| part.split("</Key>").next());
        Ok(keys
            .map(|key| {
                key.replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&quot;", "\"")
                    .replace("&amp;", "&")
            })
            .collect())
    }

    /// Creates a secret whose string is this JSON.
    ///
    /// # Errors
    /// When the server refuses, for one because there is such a secret.
    pub async fn create_secret(&self, name: &str, value: &Value) -> Result<()> {
        self.secret(
            "CreateSecret",
            json!({"Name": name, "SecretString": value.to_string()}),
        )
        .await
    }

    /// Gives a secret a new value.
    ///
    /// # Errors
    /// When the server refuses, for one because there is no such secret.
    pub async fn update_secret(&self, name: &str, value: &Value) -> Result<()> {
        self.secret(
            "UpdateSecret",
            json!({"SecretId": name, "SecretString": value.to_string()}),
        )
        .await
    }

    /// Marks a secret for deletion, as a person would: it is there for some days more, and cannot be read.
    ///
    /// # Errors
    /// When the server refuses, for one because there is no such secret.
    pub async fn delete_secret(&self, name: &str) -> Result<()> {
        self.secret("DeleteSecret", json!({"SecretId": name})).await
    }

    async fn s3(&self, method: &str, path: &str, body: &[u8]) -> Result<Reply> {
        request(&self.address, method, path, &[("authorization", S3)], body).await
    }

    async fn secret(&self, action: &str, mut body: Value) -> Result<()> {
        body["ClientRequestToken"] = format!(
            "00000000-0000-4000-8000-{:012x}",
            TOKENS.fetch_add(1, Ordering::Relaxed)
        )
        .into();
        let target = format!("secretsmanager.{action}");
        let headers = [
            ("authorization", SECRETS),
            ("x-amz-target", &target),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        good(
            request(
                &self.address,
                "POST",
                "/",
                &headers,
                body.to_string().as_bytes(),
            )
            .await?,
        )
        .map(drop)
    }
}

/// What makes a server write down what it is asked, in a file of its own.
fn recording() -> Vec<(&'static str, OsString)> {
    static SERVERS: AtomicU64 = AtomicU64::new(1);
    let Some(folder) = std::env::var_os(RECORDINGS).filter(|value| !value.is_empty()) else {
        return Vec::new();
    };
    let number = SERVERS.fetch_add(1, Ordering::Relaxed);
    let file = PathBuf::from(folder).join(format!("{}-{number}.jsonl", std::process::id()));
    vec![
        ("MOTO_ENABLE_RECORDING", "1".into()),
        ("MOTO_RECORDER_FILEPATH", file.into_os_string()),
    ]
}

/// The path of an object: a key may have any characters.
fn path(bucket: &str, key: &str) -> String {
    let mut path = format!("/{bucket}/");
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

fn good(reply: Reply) -> Result<Reply> {
    if (200..300).contains(&reply.status) {
        Ok(reply)
    } else {
        Err(Error::other(format!(
            "moto: {} {}",
            reply.status,
            reply.text()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn buckets_objects_and_secrets() {
        let Some(moto) = Moto::start().await.unwrap() else {
            return;
        };
        moto.create_bucket("house").await.unwrap();
        moto.put_object("house", "latest/x/default.json", b"{}")
            .await
            .unwrap();
        moto.put_object("house", "runs/1", b"").await.unwrap();
        moto.put_object("house", "runs/a%3Ab c", b"x")
            .await
            .unwrap();
        assert_eq!(
            moto.get_object("house", "runs/a%3Ab c").await.unwrap(),
            Some(b"x".to_vec())
        );
        assert_eq!(
            moto.list_objects("house", "runs/").await.unwrap(),
            ["runs/1", "runs/a%3Ab c"]
        );
        moto.delete_object("house", "runs/a%3Ab c").await.unwrap();
        assert_eq!(
            moto.get_object("house", "latest/x/default.json")
                .await
                .unwrap()
                .as_deref(),
            Some(&b"{}"[..])
        );
        assert_eq!(moto.get_object("house", "latest/none").await.unwrap(), None);
        assert_eq!(
            moto.list_objects("house", "latest/").await.unwrap(),
            ["latest/x/default.json"]
        );
        moto.delete_object("house", "runs/1").await.unwrap();
        assert_eq!(moto.list_objects("house", "").await.unwrap().len(), 1);

        moto.create_secret("rollcall/x/default", &json!({"api-key": "k"}))
            .await
            .unwrap();
        assert!(
            moto.create_secret("rollcall/x/default", &json!({}))
                .await
                .is_err()
        );
        moto.update_secret("rollcall/x/default", &json!({"api-key": "l"}))
            .await
            .unwrap();
        let headers = [
            ("authorization", SECRETS),
            ("x-amz-target", "secretsmanager.GetSecretValue"),
            ("content-type", "application/x-amz-json-1.1"),
        ];
        let reply = request(
            &moto.address,
            "POST",
            "/",
            &headers,
            br#"{"SecretId":"rollcall/x/default"}"#,
        )
        .await
        .unwrap();
        assert_eq!(reply.json().unwrap()["SecretString"], r#"{"api-key":"l"}"#);

        assert!(
            moto.env()
                .contains(&("AWS_ENDPOINT_URL".to_owned(), moto.endpoint()))
        );
        assert!(!moto.log().is_empty());
        moto.reset().await.unwrap();
        assert!(moto.list_objects("house", "").await.is_err());
    }
}
