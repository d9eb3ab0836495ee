//! A simulated AWS: `moto`'s server (<https://docs.getmoto.org/en/latest/docs/server_mode.html>), one for all tests of
//! this process. Each test uses its own names for bucket and secrets.
//!
//! `ROLLCALL_MOTO_ENDPOINT` names a running server. Otherwise `ROLLCALL_MOTO` names a Python virtual environment with
//! `tests/requirements.txt`, and the first test that needs a server starts it.
//!
//! `ROLLCALL_RECORDINGS` names a folder: a server that is started here records its requests there, and permissions are
//! compared with them. A server for all processes must record likewise (`MOTO_ENABLE_RECORDING=1`,
//! `MOTO_RECORDER_FILEPATH=FOLDER/ANY.jsonl`).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::wire::exchange;

const ENDPOINT: &str = "ROLLCALL_MOTO_ENDPOINT";
const FOLDER: &str = "ROLLCALL_MOTO";
const RECORDINGS: &str = "ROLLCALL_RECORDINGS";

/// A server on a free port, which ends when its standard input does: with the process that started it, however that ends.
const PROGRAM: &str = "
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print('http://127.0.0.1:%d' % server.get_host_and_port()[1], flush=True)
sys.stdin.read()
";

pub struct Moto(&'static str);

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A number that no other call returns, of no other process either.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = jiff::Timestamp::now().as_microsecond();
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{now}-{}-{number}", std::process::id())
}

fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<(String, Option<Child>)>> = OnceLock::new();
    let start = || match (variable(ENDPOINT), variable(FOLDER)) {
        // The SDK would ask for `bucket.localhost`.
        (Some(endpoint), _) => Some((endpoint.replace("localhost", "127.0.0.1"), None)),
        (None, Some(folder)) => Some(start(&folder)),
        (None, None) => None,
    };
    SERVER.get_or_init(start).as_ref().map(|(endpoint, _)| endpoint.as_str())
}

fn start(folder: &str) -> (String, Option<Child>) {
    let mut command = Command::new(format!("{folder}/bin/python"));
    command.args(["-c", PROGRAM]).stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    if let Some(file) = recording() {
        command.envs([("MOTO_ENABLE_RECORDING", "1"), ("MOTO_RECORDER_FILEPATH", &*file)]);
    }
    let mut child = command.spawn().expect("the Python of ROLLCALL_MOTO");
    let mut line = String::new();
    let read = BufReader::new(child.stdout.as_mut().expect("an output")).read_line(&mut line);
    assert!(read.is_ok() && line.starts_with("http"), "moto does not start: is it installed?");
    (line.trim().to_owned(), Some(child))
}

/// A new file for recorded requests, if they are recorded.
pub(crate) fn recording() -> Option<String> {
    variable(RECORDINGS).map(|folder| format!("{folder}/{}.jsonl", unique()))
}

impl Moto {
    /// The server of this process, started; `None`, with a line on standard error, when no variable names one.
    pub fn shared() -> Option<Self> {
        let endpoint = server();
        if endpoint.is_none() {
            // Past the capture of the test runner: a skipped test must be seen.
            let why = b"skipped: ROLLCALL_MOTO_ENDPOINT and ROLLCALL_MOTO are not set\n";
            let _ = std::io::stderr().write_all(why);
        }
        endpoint.map(Self)
    }

    pub fn name() -> String {
        format!("t{}", unique())
    }

    /// The variables that direct an AWS SDK to this server. The access key is the function's name, for recordings.
    pub fn variables(&self, function: &str) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT_URL", self.0),
            ("AWS_ACCESS_KEY_ID", function),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        pairs.map(|(name, value)| (name.into(), value.into())).into()
    }

    pub async fn create_bucket(&self, bucket: &str) {
        let (status, body) = self.ask("PUT", &format!("/{bucket}"), "", "").await;
        assert!(matches!(status, 200 | 409), "{}", String::from_utf8_lossy(&body));
    }

    pub async fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let (status, body) = self.ask("GET", &format!("/{bucket}/{key}"), "", "").await;
        (status == 200).then_some(body)
    }

    pub async fn put_object(&self, bucket: &str, key: &str, text: &str) {
        let (status, body) = self.ask("PUT", &format!("/{bucket}/{key}"), "", text).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    }

    pub async fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let path = format!("/{bucket}?list-type=2&prefix={prefix}");
        let text = String::from_utf8(self.ask("GET", &path, "", "").await.1).expect("XML");
        let keys = text.split("<Key>").skip(1).filter_map(|part| part.split("</Key>").next());
        keys.map(str::to_owned).collect()
    }

    pub async fn create_secret(&self, name: &str, value: &Value) {
        self.secret("CreateSecret", json!({"Name": name, "SecretString": value.to_string()})).await;
    }

    /// Marks a secret for deletion, as a person would: it is there for some days more, and cannot be read.
    pub async fn delete_secret(&self, name: &str) {
        self.secret("DeleteSecret", json!({"SecretId": name})).await;
    }

    async fn secret(&self, action: &str, mut body: Value) {
        body["ClientRequestToken"] = format!("{:0>32}", unique()).into();
        self.call(&format!("secretsmanager.{action}"), body).await;
    }

    /// Creates a bus.
    pub async fn create_bus(&self, name: &str) {
        self.call("AWSEvents.CreateEventBus", json!({"Name": name})).await;
    }

    /// Adds a rule with this pattern to a bus; returns the queue that gets its events.
    pub async fn watch(&self, bus: &str, pattern: &Value) -> String {
        let name = Self::name();
        let queue = self.call("AmazonSQS.CreateQueue", json!({"QueueName": name})).await;
        let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}");
        let (rule, pattern) = (json!({"Name": name, "EventBusName": bus}), pattern.to_string());
        let mut put = rule.clone();
        put["EventPattern"] = pattern.into();
        self.call("AWSEvents.PutRule", put).await;
        let targets = json!([{"Id": "queue", "Arn": arn}]);
        let put = json!({"Rule": name, "EventBusName": bus, "Targets": targets});
        self.call("AWSEvents.PutTargets", put).await;
        queue["QueueUrl"].as_str().expect("an address").to_owned()
    }

    /// Takes the events out of a queue.
    pub async fn received(&self, queue: &str) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let wanted = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10});
            let answer = self.call("AmazonSQS.ReceiveMessage", wanted).await;
            let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                let body = message["Body"].as_str().expect("a body");
                all.push(serde_json::from_str(body).expect("JSON"));
                let done = json!({"QueueUrl": queue, "ReceiptHandle": message["ReceiptHandle"]});
                self.call("AmazonSQS.DeleteMessage", done).await;
            }
        }
    }

    async fn call(&self, target: &str, body: Value) -> Value {
        let (status, body) = self.ask("POST", "/", target, &body.to_string()).await;
        assert_eq!(status, 200, "{target}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// Calls S3, or, with a target, another service; returns status and body. moto does not check signatures, but treats
    /// unsigned requests as anonymous; it reads the service from the scope.
    async fn ask(&self, method: &str, path: &str, target: &str, body: &str) -> (u16, Vec<u8>) {
        let service = match target.split('.').next() {
            Some("secretsmanager") => "secretsmanager",
            Some("AWSEvents") => "events",
            Some("AmazonSQS") => "sqs",
            _ => "s3",
        };
        let scope = format!("Credential=test/20260101/us-east-1/{service}/aws4_request");
        let signed = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let mut lines = format!("{method} {path}\nauthorization: {signed}");
        if !target.is_empty() {
            lines += "\ncontent-type: application/x-amz-json-1.1\nx-amz-target: ";
            lines += target;
        }
        let (status, _, body) = exchange(self.0, &lines, body).await;
        (status, body)
    }
}
