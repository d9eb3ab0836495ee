//! The client of ConductorOne's connector service: gRPC by `tonic`, over the HTTP client that everything uses.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::Stream;
use prost::Message;
use rollcall_connector::clock::Clock;
use rollcall_connector::http::Transport;
use rollcall_connector::{Chain, Code, Error, ErrorType};
use secrecy::ExposeSecret;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::http::{Request, Response, Uri, header};
use tonic::codegen::{Context, Poll, Service};
use tonic::metadata::MetadataValue;
use tonic::{Code as GrpcCode, Status};
use tonic_prost::ProstCodec;

use crate::credentials::Credentials;
use crate::proto::{
    FinishTaskRequest, GetTaskRequest, GetTaskResponse, HeartbeatRequest, HeartbeatResponse,
    HelloRequest, Unread, UploadAssetRequest,
};
use crate::token::Tokens;

/// How long a call may take: the service answers at once.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an upload may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// The longest time that is waited at the service's request.
const LONGEST_DELAY: Duration = Duration::from_secs(300);

/// The service, for one connector. It has one connection, which is opened at the first call.
pub(crate) struct Client {
    connection: Connection,
    origin: Uri,
    tokens: Tokens,
    server: String,
    host_id: String,
}

impl Client {
    /// The client of this installation. Sends nothing.
    pub(crate) fn new(
        credentials: Arc<Credentials>,
        host_id: String,
        transport: &Transport,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let http2 = transport.http2()?;
        let base = &credentials.base;
        let origin = base.as_str().parse().map_err(|e| {
            Error::internal(Code::BadUrl, "the address of ConductorOne cannot be used")
                .with_source(e)
        })?;
        let connection = Connection {
            client: http2.client().clone(),
            agent: format!("{} {}", credentials.name, crate::USER_AGENT),
        };
        let server = transport.server(base);
        let tokens = Tokens::new(credentials, transport.clone(), clock);
        Ok(Self { connection, origin, tokens, server, host_id })
    }

    /// The name of this installation in every request.
    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }

    /// Introduces the connector.
    pub(crate) async fn hello(&self, request: HelloRequest) -> Result<(), CallError> {
        self.unary::<_, Unread>("Hello", request).await.map(drop)
    }

    /// Asks for a task.
    pub(crate) async fn get_task(&self) -> Result<GetTaskResponse, CallError> {
        self.unary("GetTask", GetTaskRequest { host_id: self.host_id.clone() }).await
    }

    /// Reports that a task is being worked on.
    pub(crate) async fn heartbeat(&self, task_id: &str) -> Result<HeartbeatResponse, CallError> {
        let (host_id, task_id) = (self.host_id.clone(), task_id.to_owned());
        self.unary("Heartbeat", HeartbeatRequest { host_id, task_id }).await
    }

    /// Reports the result of a task.
    pub(crate) async fn finish(&self, request: FinishTaskRequest) -> Result<(), CallError> {
        self.unary::<_, Unread>("FinishTask", request).await.map(drop)
    }

    /// Uploads a file. `parts` makes the messages from the first one on: an upload is never continued.
    pub(crate) async fn upload<S>(&self, parts: impl Fn() -> S) -> Result<(), CallError>
    where
        S: Stream<Item = UploadAssetRequest> + Send + 'static,
    {
        let call = |authorization| {
            let request = self.request(parts(), authorization, UPLOAD_TIMEOUT);
            async {
                let codec = ProstCodec::<UploadAssetRequest, Unread>::default();
                self.grpc().client_streaming(request?, path("UploadAsset")?, codec).await
            }
        };
        // Whoever uploads tries again, from the first byte on.
        self.with_token(false, call).await.map(drop)
    }

    async fn unary<Q, A>(&self, method: &'static str, request: Q) -> Result<A, CallError>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let call = |authorization| {
            let request = self.request(request.clone(), authorization, CALL_TIMEOUT);
            async {
                let codec = ProstCodec::<Q, A>::default();
                self.grpc().unary(request?, path(method)?, codec).await
            }
        };
        let answer = self.with_token(true, call).await?;
        Ok(answer.into_inner())
    }

    fn grpc(&self) -> Grpc<Connection> {
        Grpc::with_origin(self.connection.clone(), self.origin.clone())
    }

    fn request<T>(
        &self,
        content: T,
        authorization: secrecy::SecretString,
        timeout: Duration,
    ) -> Result<tonic::Request<T>, Status> {
        let mut value = MetadataValue::try_from(authorization.expose_secret())
            .map_err(|_| Status::unauthenticated("the access token is not a header value"))?;
        value.set_sensitive(true);
        let mut request = tonic::Request::new(content);
        request.metadata_mut().insert(header::AUTHORIZATION.as_str(), value);
        request.extensions_mut().insert(Timeout(timeout));
        Ok(request)
    }

    /// Sends a call with the current token: once more with a new one if the service does not know that, and, if it
    /// `is_small`, once more if there was no answer, since a connection that was not used for a while may be dead.
    async fn with_token<A, F>(
        &self,
        is_small: bool,
        call: impl Fn(secrecy::SecretString) -> F,
    ) -> Result<A, CallError>
    where
        F: Future<Output = Result<A, Status>>,
    {
        let token = self.tokens.get().await.map_err(CallError::Token)?;
        let answer = match call(token.clone()).await {
            Err(status) if status.code() == GrpcCode::Unauthenticated => {
                self.tokens.forget();
                call(self.tokens.get().await.map_err(CallError::Token)?).await
            }
            Err(status) if is_small && is_cut(&status) => call(token).await,
            answer => answer,
        };
        answer.map_err(|status| {
            let server = self.server.clone();
            CallError::Call { server, status: Box::new(status) }
        })
    }
}

fn path(method: &str) -> Result<PathAndQuery, Status> {
    format!("/c1.connectorapi.baton.v1.BatonService/{method}")
        .parse()
        .map_err(|_| Status::internal("the method's path cannot be used"))
}

/// The failure of a call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// There is no token for it.
    #[error(transparent)]
    Token(Error),
    /// The service, or something on the way, failed it.
    #[error("{server}: {}", .status.message())]
    Call { server: String, status: Box<Status> },
}

impl CallError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Token(e) => e.kind().is_retryable(),
            Self::Call { status, .. } => matches!(
                status.code(),
                GrpcCode::Unavailable
                    | GrpcCode::DeadlineExceeded
                    | GrpcCode::ResourceExhausted
                    | GrpcCode::Aborted
                    | GrpcCode::Cancelled
                    | GrpcCode::Internal
                    | GrpcCode::Unknown
            ),
        }
    }

    /// Whether the credentials, or the token, are the reason.
    pub(crate) fn is_unauthenticated(&self) -> bool {
        match self {
            Self::Token(e) => e.kind() == ErrorType::Unauthenticated,
            Self::Call { status, .. } => status.code() == GrpcCode::Unauthenticated,
        }
    }

    /// How long the service asks to wait, up to five minutes.
    pub(crate) fn retry_delay(&self) -> Option<Duration> {
        let Self::Call { status, .. } = self else { return None };
        let details = crate::proto::Status::decode(status.details()).ok()?.details;
        let info = details.iter().find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
        let info = crate::proto::RetryInfo::decode(info.value.as_slice()).ok()?;
        Some(Duration::try_from(info.retry_delay?).ok()?.min(LONGEST_DELAY))
    }
}

impl From<CallError> for Error {
    fn from(e: CallError) -> Self {
        let is_temporary = e.is_temporary();
        let (server, status) = match e {
            CallError::Token(e) => return e,
            CallError::Call { server, status } => (server, status),
        };
        if is_temporary {
            let message =
                format!("ConductorOne does not answer properly at {server}: {}", Chain(&*status));
            let fix = "Try again later. If it persists, check that your network or proxy lets HTTP/2 requests to this host through.";
            return Self::new(ErrorType::Unavailable, Code::C1Unavailable, message, fix);
        }
        let kind = match status.code() {
            GrpcCode::Unauthenticated => ErrorType::Unauthenticated,
            GrpcCode::PermissionDenied => ErrorType::PermissionDenied,
            _ => ErrorType::Refused,
        };
        let text: String = status.message().chars().take(300).collect();
        let message = format!("ConductorOne refuses the call ({:?}): {text}", status.code());
        let fix = "Check in ConductorOne that the connector exists and is a self-hosted one; otherwise create new credentials there.";
        Self::new(kind, Code::C1Refused, message, fix)
    }
}

/// The timeout of a request.
#[derive(Clone, Copy)]
struct Timeout(Duration);

/// The HTTP client as `tonic` takes one.
#[derive(Clone)]
struct Connection {
    client: reqwest::Client,
    agent: String,
}

impl Service<Request<Body>> for Connection {
    type Response = Response<reqwest::Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Self::Response, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (client, agent) = (self.client.clone(), self.agent.clone());
        Box::pin(async move {
            let timeout = request.extensions().get::<Timeout>().copied();
            let request = request.map(|body| reqwest::Body::wrap(Shared(Mutex::new(body))));
            let unusable = |e: reqwest::Error| Status::internal(e.without_url().to_string());
            let mut request = reqwest::Request::try_from(request).map_err(unusable)?;
            *request.timeout_mut() = timeout.map(|Timeout(time)| time);
            if let Ok(agent) = agent.parse() {
                request.headers_mut().insert(header::USER_AGENT, agent);
            }
            let answer = client.execute(request).await;
            answer.map(Response::from).map_err(unanswered)
        })
    }
}

fn unanswered(e: reqwest::Error) -> Status {
    let e = e.without_url();
    let text = Chain(&e).to_string();
    if e.is_timeout() {
        return Status::deadline_exceeded(text);
    }
    let mut status = Status::unavailable(text);
    status.set_source(Arc::new(e));
    status
}

/// Whether the connection failed, not the service.
fn is_cut(status: &Status) -> bool {
    status.code() == GrpcCode::Unavailable && std::error::Error::source(status).is_some()
}

/// A body that may be shared between threads, which the HTTP client wants and `tonic` does not promise.
struct Shared(Mutex<Body>);

impl tonic::codegen::Body for Shared {
    type Data = tonic::codegen::Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Status>>> {
        let body = self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner);
        Pin::new(body).poll_frame(cx)
    }
}
