//! The call `Invoke` of the AWS Lambda API on this machine
//! (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>). The functions behind it are closures, or real binaries
//! in front of a Runtime API. What the API does not document, and what no caller here needs, is refused and recorded.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::post;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::function::{Environment, Output};
use crate::moto::recording;
use crate::runtime_api::Answer;

/// A function's failure: `errorType` and `errorMessage`.
pub type Failed = (String, String);

/// A function's answer, or the body in which Lambda reports its failure.
type Outcome = Result<Value, Value>;
type Handler = Arc<dyn Fn(Value) -> BoxFuture<'static, Outcome> + Send + Sync>;

/// What an AWS SDK sends with a call.
const HEADERS: &str = "host user-agent accept accept-encoding content-type content-length authorization x-amz-date \
    x-amz-security-token x-amz-user-agent x-amz-invocation-type amz-sdk-invocation-id amz-sdk-request x-amzn-trace-id";
const PAYLOAD: usize = 6 * 1024 * 1024;

/// The error that a function has reached its timeout, and was killed.
pub fn timed_out(timeout: Duration) -> Failed {
    let error = format!("Task timed out after {:.2} seconds", timeout.as_secs_f64());
    ("Sandbox.Timedout".into(), format!("RequestId: 00000000 Error: {error}"))
}

/// The error that a function's process has ended, for example because it took too much memory.
pub fn killed() -> Failed {
    let error = "Runtime exited with error: signal: killed";
    ("Runtime.ExitError".into(), format!("RequestId: 00000000 Error: {error}"))
}

fn report((kind, message): Failed) -> Value {
    json!({"errorType": kind, "errorMessage": message})
}

/// An error of the API itself: no function was run.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: u16,
    name: &'static str,
    message: String,
}

impl ApiError {
    fn new(status: u16, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name, message: message.into() }
    }

    /// The error that too many functions are running. An SDK tries again.
    pub fn too_many_requests() -> Self {
        Self::new(429, "TooManyRequestsException", "Rate Exceeded.")
    }

    fn response(&self) -> Response {
        let kind = if self.status < 500 { "User" } else { "Service" };
        // The API spells the name of the message in both ways, depending on the error.
        let body = json!({"Type": kind, "Message": self.message, "message": self.message});
        respond(self.status, ("x-amzn-errortype", self.name), &body)
    }
}

#[derive(Default)]
struct Shared {
    recording: Mutex<Option<File>>,
    functions: Mutex<HashMap<String, Handler>>,
    binaries: Mutex<Vec<Arc<Binary>>>,
    refusals: Mutex<VecDeque<ApiError>>,
    calls: Mutex<Vec<(String, Value)>>,
    violations: Mutex<Vec<String>>,
}

/// The server. It ends with the runtime of its test.
pub struct LambdaApi {
    endpoint: String,
    shared: Arc<Shared>,
}

impl LambdaApi {
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let recording = recording().map(File::create).transpose()?;
        let shared = Shared { recording: Mutex::new(recording), ..Shared::default() };
        let shared = Arc::new(shared);
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .fallback(unknown)
            .method_not_allowed_fallback(unknown)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        // It only returns if the listener fails, and then every call fails.
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { endpoint, shared })
    }

    /// The value of `AWS_ENDPOINT_URL_LAMBDA`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Puts a closure behind a name, instead of what was behind it. It runs to its end, even if its caller does not wait.
    pub fn handle<F>(&self, name: &str, function: impl Fn(Value) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<Value, Failed>> + Send + 'static,
    {
        self.put(name, move |event| function(event).map(|done| done.map_err(report)).boxed());
    }

    /// Puts a binary behind a name, with these variables and this timeout. As in Lambda, a process serves one call at a time,
    /// and is started when no other one is idle.
    pub fn serve(
        &self,
        name: &str,
        binary: &str,
        mut variables: Vec<(String, String)>,
        timeout: Duration,
    ) {
        variables.push(("AWS_LAMBDA_FUNCTION_NAME".into(), name.into()));
        let (path, idle) = (binary.into(), Mutex::default());
        let binary = Arc::new(Binary { path, variables, timeout, idle });
        self.shared.binaries.lock().expect("a lock").push(Arc::clone(&binary));
        self.put(name, move |event| Arc::clone(&binary).run(event).boxed());
    }

    fn put(
        &self,
        name: &str,
        handler: impl Fn(Value) -> BoxFuture<'static, Outcome> + Send + Sync + 'static,
    ) {
        let mut functions = self.shared.functions.lock().expect("a lock");
        functions.insert(name.into(), Arc::new(handler));
    }

    /// Answers the next calls with these errors, one each, and runs no function for them.
    pub fn refuse_next(&self, errors: impl IntoIterator<Item = ApiError>) {
        self.shared.refusals.lock().expect("a lock").extend(errors);
    }

    /// Takes the calls since the last time: name of the function, and event.
    pub fn calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.shared.calls.lock().expect("a lock"))
    }

    /// What callers did that they must not do.
    pub fn violations(&self) -> Vec<String> {
        self.shared.violations.lock().expect("a lock").clone()
    }

    /// Ends the processes, and gives what each wrote, as [`Environment::end`]. There must have been no violation.
    pub async fn end(self, tokens: &[impl AsRef<str>]) -> Vec<Output> {
        assert_eq!(self.violations(), Vec::<String>::new());
        let binaries = std::mem::take(&mut *self.shared.binaries.lock().expect("a lock"));
        let mut outputs = Vec::new();
        for binary in binaries {
            let idle = std::mem::take(&mut *binary.idle.lock().expect("a lock"));
            for environment in idle {
                outputs.push(environment.end(tokens).await);
            }
        }
        outputs
    }
}

struct Binary {
    path: String,
    variables: Vec<(String, String)>,
    timeout: Duration,
    idle: Mutex<Vec<Environment>>,
}

impl Binary {
    async fn run(self: Arc<Self>, event: Value) -> Outcome {
        let idle = self.idle.lock().expect("a lock").pop();
        let mut environment = match idle {
            Some(environment) => environment,
            None => Environment::start(&self.path, self.variables.clone()).await,
        };
        let answer = environment.invoke(event, self.timeout).await.map_err(report)?;
        self.idle.lock().expect("a lock").push(environment);
        match answer {
            Answer::Response(answer) => Ok(answer),
            Answer::Error(body) => Err(body),
        }
    }
}

async fn invoke(
    State(shared): State<Arc<Shared>>,
    Path(function): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let read = check(&uri, &headers).and_then(|()| Ok((name(&function)?, event(&body)?)));
    let (name, event) = match read {
        Ok(read) => read,
        Err(e) => return shared.violation(e),
    };
    shared.record(&uri, &headers);
    if let Some(error) = shared.refusals.lock().expect("a lock").pop_front() {
        return error.response();
    }
    let Some(handler) = shared.functions.lock().expect("a lock").get(name).cloned() else {
        let message = format!("Function not found: {function}");
        return ApiError::new(404, "ResourceNotFoundException", message).response();
    };
    shared.calls.lock().expect("a lock").push((name.to_owned(), event.clone()));
    // A task of its own: a caller that hangs up does not stop a function.
    match tokio::spawn(handler(event)).await {
        Ok(Ok(answer)) => respond(200, ("x-amz-executed-version", "$LATEST"), &answer),
        Ok(Err(body)) => respond(200, ("x-amz-function-error", "Unhandled"), &body),
        Err(e) => {
            shared.violations.lock().expect("a lock").push(format!("{name}: {e}"));
            respond(200, ("x-amz-function-error", "Unhandled"), &report(killed()))
        }
    }
}

async fn unknown(State(shared): State<Arc<Shared>>, method: Method, uri: Uri) -> Response {
    let message = format!("{method} {uri} is not known here");
    shared.violation(ApiError::new(404, "UnknownOperationException", message))
}

impl Shared {
    /// Records a call as moto does: the roles of the template are compared with it.
    fn record(&self, uri: &Uri, headers: &HeaderMap) {
        let signed = headers.get("authorization").and_then(|value| value.to_str().ok());
        let headers = json!({"authorization": signed});
        let line = json!({"method": "POST", "url": uri.path(), "headers": headers, "body": ""});
        if let Some(file) = &mut *self.recording.lock().expect("a lock") {
            writeln!(file, "{line}").expect("recorded");
        }
    }

    fn violation(&self, error: ApiError) -> Response {
        self.violations.lock().expect("a lock").push(error.message.clone());
        error.response()
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "InvalidParameterValueException", message)
}

fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    if let Some(query) = uri.query() {
        return Err(invalid(format!("the query `{query}` is not known here")));
    }
    let is_known = |name: &&str| HEADERS.split_whitespace().any(|known| known == *name);
    if let Some(name) = headers.keys().map(|name| name.as_str()).find(|name| !is_known(name)) {
        return Err(invalid(format!("the header `{name}` is not known here")));
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = text("authorization");
    if !signed.starts_with("AWS4-HMAC-SHA256 ") || !signed.contains("/lambda/aws4_request") {
        let message = "the request is not signed for Lambda";
        return Err(ApiError::new(403, "MissingAuthenticationTokenException", message));
    }
    match text("x-amz-invocation-type") {
        "RequestResponse" => Ok(()),
        other => Err(invalid(format!("the invocation type `{other}` is not known here"))),
    }
}

/// The name in a function's name or ARN. A version or alias is not known here.
fn name(function: &str) -> Result<&str, ApiError> {
    let parts: Vec<&str> = function.split(':').collect();
    let name = match parts[..] {
        [name] | ["arn", _, "lambda", _, _, "function", name] => name,
        _ => return Err(invalid(format!("`{function}` is no name or ARN of a function"))),
    };
    let is_known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match (1..=64).contains(&name.len()) && name.chars().all(is_known) {
        true => Ok(name),
        false => Err(invalid(format!("`{name}` is no name of a function"))),
    }
}

fn event(body: &Bytes) -> Result<Value, ApiError> {
    if body.len() > PAYLOAD {
        let message = format!("{} bytes are more than 6 MB", body.len());
        return Err(ApiError::new(413, "RequestTooLargeException", message));
    }
    let no_json = |e| ApiError::new(400, "InvalidRequestContentException", format!("no JSON: {e}"));
    serde_json::from_slice(body).map_err(no_json)
}

fn respond(status: u16, header: (&str, &str), body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    let common = [
        ("content-type", "application/json"),
        ("x-amzn-requestid", "00000000-0000-4000-8000-000000000000"),
    ];
    for (name, value) in common.into_iter().chain([header]) {
        let name: axum::http::HeaderName = name.parse().expect("a name");
        response.headers_mut().insert(name, value.parse().expect("a value"));
    }
    response
}
