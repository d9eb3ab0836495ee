//! The AWS SDK: its clients, built once per process and only when first used, and the conversion of its errors.

mod client;

use std::sync::Arc;

use aws_sdk_s3::config::SharedHttpClient;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId;
use tokio::sync::OnceCell;

use rollcall_connector::network::{Fault, Network};
use rollcall_connector::{Chain, Code, Error, ErrorType};

/// The SDK's clients. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Sdk(Arc<Clients>);

#[derive(Debug, Default)]
struct Clients {
    http: Option<SharedHttpClient>,
    /// Whether each request is sent once; if not, as often as the SDK's own settings say (`AWS_MAX_ATTEMPTS`).
    is_sent_once: bool,
    config: OnceCell<aws_config::SdkConfig>,
    s3: OnceCell<aws_sdk_s3::Client>,
    secrets_manager: OnceCell<aws_sdk_secretsmanager::Client>,
}

impl Sdk {
    /// Clients that go through the proxies of `network`, trust its bundle, and try again unless `attempts` is 1.
    pub(crate) fn new(network: &Network, attempts: u32) -> Result<Self, Error> {
        let (http, is_sent_once) = (Some(client::client(network)?), attempts == 1);
        Ok(Self(Arc::new(Clients { http, is_sent_once, ..Clients::default() })))
    }

    /// Clients with this configuration.
    #[cfg(test)]
    pub(crate) fn of(config: aws_config::SdkConfig) -> Self {
        Self(Arc::new(Clients { config: OnceCell::new_with(Some(config)), ..Clients::default() }))
    }

    /// The configuration of every client.
    pub async fn config(&self) -> &aws_config::SdkConfig {
        let load = || {
            let mut loader = aws_config::defaults(aws_config::BehaviorVersion::latest());
            if let Some(http) = &self.0.http {
                loader = loader.http_client(http.clone());
            }
            if self.0.is_sent_once {
                loader = loader.retry_config(RetryConfig::disabled());
            }
            loader.load()
        };
        self.0.config.get_or_init(load).await
    }

    /// The client of S3. With a custom endpoint (`AWS_ENDPOINT_URL…`) bucket names are part of the path: a store that
    /// is not AWS rarely has a host name for each bucket.
    pub(crate) async fn s3(&self) -> &aws_sdk_s3::Client {
        let make = || async {
            let config = self.config().await;
            let is_custom = config.endpoint_url().is_some()
                || std::env::var_os("AWS_ENDPOINT_URL_S3").is_some();
            let config =
                aws_sdk_s3::config::Builder::from(config).force_path_style(is_custom).build();
            aws_sdk_s3::Client::from_conf(config)
        };
        self.0.s3.get_or_init(make).await
    }

    /// The client of Secrets Manager.
    pub(crate) async fn secrets_manager(&self) -> &aws_sdk_secretsmanager::Client {
        let make = || async { aws_sdk_secretsmanager::Client::new(self.config().await) };
        self.0.secrets_manager.get_or_init(make).await
    }
}

/// The error of a failed call of an AWS service. `what` completes "could not …".
pub fn error<E>(code: Code, what: &str, e: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let (kind, fix) = meaning(&e);
    let mut message = format!("could not {what}");
    if let Some(service) = e.as_service_error() {
        let code = service.code().unwrap_or("no code");
        message.push_str(&format!(" ({code})"));
        // AWS's message names the caller, the action and the object. It never contains a credential.
        let sentence = service.message().unwrap_or_default();
        let sentence: String = sentence.chars().take(300).collect();
        if !sentence.is_empty() {
            message.push_str(&format!(": {sentence}"));
        }
    }
    let raw = e.raw_response();
    let region = raw.and_then(|raw| raw.headers().get("x-amz-bucket-region"));
    if let Some(region) = region.filter(|_| fix == REGION) {
        message.push_str(&format!(" (the bucket is in {region})"));
    }
    if let Some(id) = e.request_id() {
        message.push_str(&format!(" (request {id})"));
    }
    let error = Error::new(kind, code, message, fix);
    match e {
        // The message has everything that the source would repeat.
        SdkError::ServiceError(_) => error,
        e => error.with_source(e),
    }
}

const RIGHTS: &str = "Allow this for the function's role (or this user): its policy, the bucket's policy and the KMS key's policy must all permit it.";
const CREDENTIALS: &str = "Check the AWS settings: AWS does not accept these credentials. Renew them (`aws sso login`, a new access key); AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN must belong together, and AWS_PROFILE must name the right profile.";
const NO_CREDENTIALS: &str = "Check the AWS settings: no credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the function or the machine a role.";
const METADATA: &str = "Check the AWS settings: no credentials were found, and the metadata service of this machine refused to give any. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role and allow its metadata service (for a container, with a hop limit of 2).";
const NO_REGION: &str = "Check the AWS settings: set AWS_REGION, or `region` in the profile. A store that is not AWS needs one too, such as us-east-1.";
const SETTINGS: &str = "Check the AWS settings: region and credentials.";
const REGION: &str = "Set AWS_REGION, or `region` in the profile, to the region of the bucket.";
const CLOCK: &str =
    "Set the clock of this machine: AWS refuses requests whose time is a few minutes off.";
const SIGNATURE: &str = "Check AWS_SECRET_ACCESS_KEY, and the clock of this machine. Otherwise a proxy alters the requests: add AWS's host to NO_PROXY, or correct AWS_ENDPOINT_URL.";
const KEY: &str = "Check the KMS key: it must be enabled, in the same region, and its policy and the role's must allow its use.";
const BUCKET: &str = "Create the bucket, or correct ROLLCALL_STORE.";
const DIALECT: &str = "The store does not support this request. If it is not AWS, set AWS_REQUEST_CHECKSUM_CALCULATION=when_required and AWS_RESPONSE_CHECKSUM_VALIDATION=when_required, and see *A store that is not AWS* in infra/README.md for what a store must support.";
const REFUSED: &str = "AWS refuses this request, and repeating it does not help: look up its code in AWS's documentation.";
const AGAIN: &str = "AWS failed for the moment: run again.";

/// The type and the fix of AWS's errors. Only temporary ones are `Unavailable`.
fn meaning<E>(e: &SdkError<E, HttpResponse>) -> (ErrorType, &'static str)
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match e {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or_default();
            of_code(code).unwrap_or_else(|| of_status(service.raw().status().as_u16()))
        }
        SdkError::ResponseError(response) => of_status(response.raw().status().as_u16()),
        SdkError::TimeoutError(_) => of_fault(Fault::TimedOut),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => of_fault(Fault::TimedOut),
        _ => match Fault::of(e) {
            Fault::Other => of_setup(e),
            fault => of_fault(fault),
        },
    }
}

/// AWS's error codes. Some come with a misleading status.
const CODES: &[(&str, ErrorType, &str)] = {
    use ErrorType::{Misconfigured, Unavailable};
    &[
        (
            "AccessDenied AccessDeniedException AllAccessDisabled UnauthorizedAccess UnauthorizedOperation",
            Misconfigured,
            RIGHTS,
        ),
        (
            "ExpiredToken ExpiredTokenException InvalidToken TokenRefreshRequired InvalidAccessKeyId \
             InvalidClientTokenId UnrecognizedClientException MissingAuthenticationToken \
             MissingAuthenticationTokenException IncompleteSignature IncompleteSignatureException \
             AccountProblem NotSignedUp OptInRequired",
            Misconfigured,
            CREDENTIALS,
        ),
        ("SignatureDoesNotMatch InvalidSignatureException", Misconfigured, SIGNATURE),
        ("RequestTimeTooSkewed RequestExpired RequestInTheFuture", Misconfigured, CLOCK),
        (
            "PermanentRedirect AuthorizationHeaderMalformed IllegalLocationConstraintException InvalidRegion",
            Misconfigured,
            REGION,
        ),
        ("NoSuchBucket InvalidBucketName", Misconfigured, BUCKET),
        // KMS itself fails.
        (
            "KMS.DependencyTimeoutException KMS.KMSInternalException KMS.ThrottlingException",
            Unavailable,
            AGAIN,
        ),
        ("DecryptionFailure EncryptionFailure", Misconfigured, KEY),
        ("NotImplemented UnsupportedOperation XAmzContentSHA256Mismatch", Misconfigured, DIALECT),
        (
            "RequestTimeout RequestTimeoutException BadDigest IncompleteBody TemporaryRedirect SlowDown Throttling \
             ThrottlingException ThrottledException TooManyRequestsException RequestLimitExceeded RequestThrottled \
             RequestThrottledException LimitExceededException PriorRequestNotComplete",
            Unavailable,
            AGAIN,
        ),
    ]
};

fn of_code(code: &str) -> Option<(ErrorType, &'static str)> {
    let named = |codes: &str| codes.split_whitespace().any(|known| known == code);
    let known = CODES.iter().find(|(codes, ..)| named(codes));
    let kms = || code.starts_with("KMS").then_some((ErrorType::Misconfigured, KEY));
    known.map(|(_, kind, fix)| (*kind, *fix)).or_else(kms)
}

fn of_fault(fault: Fault) -> (ErrorType, &'static str) {
    (fault.kind(), fault.fix())
}

fn of_status(status: u16) -> (ErrorType, &'static str) {
    match status {
        301 => (ErrorType::Misconfigured, REGION),
        401 | 403 => (ErrorType::Misconfigured, RIGHTS),
        407 => of_fault(Fault::ProxyCredentials),
        501 => (ErrorType::Misconfigured, DIALECT),
        // A success that cannot be read was interrupted.
        200..=299 | 408 | 409 | 425 | 429 | 500.. => (ErrorType::Unavailable, AGAIN),
        _ => (ErrorType::Misconfigured, REFUSED),
    }
}

/// Failures before any request, such as missing credentials. The SDK's types for them are private, so their texts are
/// searched.
fn of_setup<E>(e: &SdkError<E, HttpResponse>) -> (ErrorType, &'static str)
where
    E: std::error::Error + 'static,
{
    if let SdkError::DispatchFailure(failure) = e
        && (failure.is_io() || failure.as_other().is_some())
    {
        return of_fault(Fault::Other);
    }
    let text = Chain(e).to_string().to_lowercase();
    match () {
        () if text.contains("credentials provider timed out") => (ErrorType::Unavailable, AGAIN),
        () if text.contains("no providers in chain") => (ErrorType::Misconfigured, NO_CREDENTIALS),
        () if text.contains("imds") => (ErrorType::Misconfigured, METADATA),
        () if text.contains("credential") => (ErrorType::Misconfigured, CREDENTIALS),
        () if text.contains("region") => (ErrorType::Misconfigured, NO_REGION),
        () => (ErrorType::Misconfigured, SETTINGS),
    }
}

#[cfg(test)]
pub(crate) mod tests;
