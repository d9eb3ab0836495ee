//! The AWS SDK: its clients, built once per process and only when first used, and its errors as ours.

use std::sync::Arc;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::OnceCell;

use crate::error::{Error, ErrorType};

/// The SDK's clients. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Sdk(Arc<Clients>);

#[derive(Debug, Default)]
struct Clients {
    config: OnceCell<aws_config::SdkConfig>,
    s3: OnceCell<aws_sdk_s3::Client>,
    secrets_manager: OnceCell<aws_sdk_secretsmanager::Client>,
}

impl Sdk {
    async fn config(&self) -> &aws_config::SdkConfig {
        let load = || aws_config::load_defaults(aws_config::BehaviorVersion::latest());
        self.0.config.get_or_init(load).await
    }

    /// The client of S3. An endpoint given by `AWS_ENDPOINT_URL…` is no AWS: bucket names go into its paths.
    pub(crate) async fn s3(&self) -> &aws_sdk_s3::Client {
        let make = || async {
            let custom = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
            let config = aws_sdk_s3::config::Builder::from(self.config().await)
                .force_path_style(custom.iter().any(|name| std::env::var_os(name).is_some()))
                .build();
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

fn unusable<E, R>(e: &SdkError<E, R>) -> bool {
    match e {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_other(),
        _ => false,
    }
}

/// What a failed call of an AWS service means. `what` completes "could not …".
pub(crate) fn error<E, R>(code: &'static str, what: &str, e: SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let service_code = e
        .as_service_error()
        .and_then(|s| s.code().map(str::to_owned));
    let denied = [
        "AccessDenied",
        "AccessDeniedException",
        "InvalidAccessKeyId",
        "ExpiredToken",
    ];
    let (kind, fix) = match service_code.as_deref() {
        Some(c) if denied.contains(&c) || c.starts_with("KMS") => (
            ErrorType::Misconfigured,
            "Let the function's role do this: its policy, the bucket's policy and the KMS key's policy must all allow it.",
        ),
        Some("NoSuchBucket") => (
            ErrorType::Misconfigured,
            "Create the bucket, or correct ROLLCALL_STORE.",
        ),
        // Neither an answer nor a failure of the network: the SDK found no credentials, or no region.
        _ if unusable(&e) => (
            ErrorType::Misconfigured,
            "Check the AWS settings: region and credentials.",
        ),
        _ => (
            ErrorType::Unavailable,
            "AWS did not do its part: run again.",
        ),
    };
    let message = match service_code {
        Some(c) => format!("could not {what} ({c})"),
        None => format!("could not {what}"),
    };
    Error::new(kind, code, message, fix).with_source(e)
}
