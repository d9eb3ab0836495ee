use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;

use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    SharedCredentialsProvider,
};
use aws_sdk_s3::error::ErrorMetadata;
use aws_sdk_s3::operation::put_object::PutObjectError;
use aws_sdk_s3::primitives::SdkBody;
use rollcall_connector::Code;

use super::*;
use crate::store::s3::S3;
use crate::store::{Body, PutError, PutMode, Store};

/// A request: its line, its headers in lower case, its body.
struct Request {
    line: String,
    headers: String,
    body: Vec<u8>,
}

/// A server that answers every request with this function: a status, headers, a body. Returns its address.
fn server(answer: impl Fn(&Request) -> (u16, String, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read(&stream);
            let (status, headers, body) = answer(&request);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n");
            let _ = stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes());
        }
    });
    format!("http://{address}")
}

fn read(stream: &TcpStream) -> Request {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).expect("a line") == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let headers = lines.get(1..).unwrap_or_default().join("\n").to_lowercase();
    let length = headers.lines().find_map(|h| h.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).expect("a body");
    let line = lines.into_iter().next().unwrap_or_default();
    Request { line, headers, body }
}

fn config(endpoint: &str) -> aws_config::SdkConfig {
    let credentials = Credentials::new("AKIATEST", "hunter2", None, None, "test");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint)
        .build()
}

fn store(config: aws_config::SdkConfig) -> S3 {
    S3::parse("s3://bucket/p", Sdk::of(config)).expect("a store")
}

fn failed(status: u16, code: &str, region: Option<&'static str>) -> Error {
    let metadata = ErrorMetadata::builder().code(code).message("why it is so").build();
    let mut raw = HttpResponse::new(status.try_into().expect("a status"), SdkBody::empty());
    raw.headers_mut().insert("x-amz-request-id", "R1");
    if let Some(region) = region {
        raw.headers_mut().insert("x-amz-bucket-region", region);
    }
    let e = SdkError::service_error(PutObjectError::generic(metadata), raw);
    error(Code::StoreNotWritable, "write s3://b/k", e)
}

#[test]
fn only_what_may_pass_is_worth_a_retry() {
    use ErrorType::{Misconfigured, Unavailable};
    for (status, code, kind, fix) in [
        (301, "PermanentRedirect", Misconfigured, "AWS_REGION"),
        (400, "AuthorizationHeaderMalformed", Misconfigured, "AWS_REGION"),
        (403, "RequestTimeTooSkewed", Misconfigured, "clock"),
        (403, "SignatureDoesNotMatch", Misconfigured, "AWS_SECRET_ACCESS_KEY"),
        (400, "InvalidSignatureException", Misconfigured, "clock"),
        (400, "ExpiredToken", Misconfigured, "aws sso login"),
        (400, "ExpiredTokenException", Misconfigured, "aws sso login"),
        (400, "UnrecognizedClientException", Misconfigured, "AWS_ACCESS_KEY_ID"),
        (403, "InvalidAccessKeyId", Misconfigured, "AWS_ACCESS_KEY_ID"),
        (400, "DecryptionFailure", Misconfigured, "KMS key"),
        (400, "KMS.DisabledException", Misconfigured, "KMS key"),
        (404, "NoSuchBucket", Misconfigured, "Create the bucket"),
        (403, "AccessDenied", Misconfigured, "policy"),
        (501, "NotImplemented", Misconfigured, "AWS_REQUEST_CHECKSUM_CALCULATION"),
        (400, "SomethingNew", Misconfigured, "documentation"),
        (403, "SomethingNew", Misconfigured, "policy"),
        (400, "RequestTimeout", Unavailable, "run again"),
        (400, "ThrottlingException", Unavailable, "run again"),
        (400, "KMS.ThrottlingException", Unavailable, "run again"),
        (409, "ConditionalRequestConflict", Unavailable, "run again"),
        (503, "SlowDown", Unavailable, "run again"),
        (500, "InternalError", Unavailable, "run again"),
        (500, "SomethingNew", Unavailable, "run again"),
    ] {
        let error = failed(status, code, None);
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert!(error.fix().contains(fix), "{code}: {}", error.fix());
        let message = format!("could not write s3://b/k ({code}): why it is so (request R1)");
        assert_eq!(Chain(&error).to_string(), message);
    }
}

#[test]
fn the_region_of_a_bucket_elsewhere_is_named() {
    let error = failed(301, "PermanentRedirect", Some("eu-west-1"));
    assert!(error.to_string().contains("(the bucket is in eu-west-1)"), "{error}");
    let error = failed(403, "AccessDenied", Some("eu-west-1"));
    assert!(!error.to_string().contains("eu-west-1"), "{error}");
}

#[tokio::test]
async fn what_is_missing_in_the_settings_is_named() {
    let usable = || config("http://127.0.0.1:1");
    let no_region = usable().into_builder().region(None).build();
    // No variable names the location of a container's credentials.
    let container = aws_config::ecs::EcsCredentialsProvider::builder().build();
    let chain = CredentialsProviderChain::first_try("container", container);
    let no_credentials =
        usable().into_builder().credentials_provider(SharedCredentialsProvider::new(chain)).build();
    // As where it is switched off, or the machine has no role.
    let metadata = server(|_| (403, String::new(), String::new()));
    let metadata = aws_config::imds::Client::builder().endpoint(metadata).expect("an address");
    let metadata = ImdsCredentialsProvider::builder().imds_client(metadata.build()).build();
    let metadata = SharedCredentialsProvider::new(metadata);
    let no_metadata = usable().into_builder().credentials_provider(metadata).build();
    for (config, kind, fix) in [
        (no_metadata, ErrorType::Misconfigured, "the metadata service of this machine"),
        (no_region, ErrorType::Misconfigured, "set AWS_REGION"),
        (no_credentials, ErrorType::Misconfigured, "no credentials were found"),
        (usable(), ErrorType::Unavailable, "nothing listens"),
    ] {
        let error = store(config).get("k").await.expect_err("unusable");
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.fix().contains(fix), "{}: {error:?}", error.fix());
    }
}

#[tokio::test]
async fn a_write_that_raced_is_sent_again_whatever_the_code() {
    for code in ["ConditionalRequestConflict", "OperationAborted", "Conflict"] {
        let asked = Mutex::new(0);
        let answer = move |_: &Request| {
            let mut asked = asked.lock().expect("unpoisoned");
            *asked += 1;
            match *asked {
                1 | 2 => (409, String::new(), format!("<Error><Code>{code}</Code></Error>")),
                _ => (200, "etag: \"e3\"\r\n".into(), String::new()),
            }
        };
        let store = store(config(&server(answer)));
        let put = store.put("k", Body::Bytes(b"x"), PutMode::Create).await;
        assert_eq!(put.expect("written").0, "\"e3\"", "{code}");
    }
}

#[tokio::test]
async fn a_condition_that_does_not_hold_is_known_by_its_status() {
    for (status, code) in [(412, "Precondition"), (404, "NoSuchObject"), (404, "NoSuchBucket")] {
        let answer = move |request: &Request| match request.line.starts_with("PUT") {
            true => (status, String::new(), format!("<Error><Code>{code}</Code></Error>")),
            false => (404, String::new(), "<Error><Code>NoSuchKey</Code></Error>".into()),
        };
        let store = store(config(&server(answer)));
        let version = crate::store::Version("\"e1\"".into());
        let put = store.put("k", Body::Bytes(b"x"), PutMode::Update(&version)).await;
        match put.expect_err("not written") {
            PutError::Condition(_) => assert_ne!(code, "NoSuchBucket"),
            PutError::Failed(e) => assert!(e.to_string().contains("NoSuchBucket"), "{e}"),
        }
    }
}

/// A store that speaks S3 and is not AWS: buckets are in the path, and bodies are sent as they are.
fn plain_s3(request: &Request) -> (u16, String, String) {
    let refuse = |code: &str| (501, String::new(), format!("<Error><Code>{code}</Code></Error>"));
    if !request.line.starts_with("PUT /bucket/p/k") {
        return refuse("NoBucketInPath");
    }
    let foreign = ["aws-chunked", "x-amz-trailer", "streaming-unsigned-payload-trailer"];
    if foreign.iter().any(|word| request.headers.contains(word)) || request.body != b"content" {
        return refuse("NotImplemented");
    }
    (200, "etag: \"e1\"\r\n".into(), String::new())
}

#[tokio::test]
async fn a_store_that_is_not_aws_works_with_the_documented_settings() {
    let endpoint = server(plain_s3);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "content").expect("written");
    // What AWS_REQUEST_CHECKSUM_CALCULATION and AWS_RESPONSE_CHECKSUM_VALIDATION say as `when_required`.
    let documented = config(&endpoint)
        .into_builder()
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    let documented = store(documented.build());
    for body in [Body::Bytes(b"content"), Body::File(file.path())] {
        let put = documented.put("k", body, PutMode::Create).await;
        put.expect("written");
    }

    let by_default = store(config(&endpoint));
    let put = by_default.put("k", Body::File(file.path()), PutMode::Create).await;
    let error = put.expect_err("a trailer").into_error("it");
    assert!(error.fix().contains("AWS_REQUEST_CHECKSUM_CALCULATION"), "{error:?}");
}
