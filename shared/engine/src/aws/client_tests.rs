use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Credentials, Region, SharedCredentialsProvider};
use rollcall_connector::Chain;
use rollcall_connector::network::Fault;

use super::*;
use crate::aws::Sdk;
use crate::store::Store;
use crate::store::s3::S3;
use testing::{TESTDATA, network, server, tls_server};

#[path = "../../../connector/src/network/testing.rs"]
mod testing;

fn store(variables: &[(&str, &str)], endpoint: &str) -> S3 {
    let network = network(variables).expect("usable");
    let credentials = Credentials::new("AKIATEST", "hunter2", None, None, "test");
    let mut config = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(endpoint);
    config.set_http_client(Some(client(&network).expect("a client")));
    S3::parse("s3://b", Sdk::of(config.build())).expect("a store")
}

#[tokio::test]
async fn a_body_that_ends_early_is_a_failure_and_no_file() {
    let (cut, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nhalf");
    let (store, folder) = (store(&[], &format!("http://{cut}")), tempfile::tempdir());
    let folder = folder.expect("a folder");
    let downloaded = store.download("k", &folder.path().join("k")).await.map(|_| ());
    for result in [downloaded, store.get("k").await.map(|_| ())] {
        let error = result.expect_err("cut off");
        assert_eq!(error.to_string(), "s3://b/k ended early");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn aws_is_reached_through_the_same_proxies_with_the_same_trust() {
    let good = tls_server("server.pem");
    let expired = tls_server("expired.pem");
    let (direct, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
    let (proxy, asked) =
        server("HTTP/1.1 407 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let proxy = format!("http://{proxy}");
    let bundle = format!("{TESTDATA}/authority.pem");
    let trust = ("ROLLCALL_CA_BUNDLE", &*bundle);
    let proxies = [("HTTP_PROXY", &*proxy), ("HTTPS_PROXY", &*proxy), trust];
    let elsewhere = "a.invalid:1";
    for (variables, endpoint, fix, line) in [
        (&[trust][..], format!("https://{good}"), None, None),
        (&[trust], format!("https://{expired}"), Some(Fault::OutOfDate), None),
        (&[trust], format!("https://localhost:{}", good.port()), Some(Fault::WrongName), None),
        (&[], format!("https://{good}"), Some(Fault::UnknownIssuer), None),
        (&[], "http://a.invalid".into(), Some(Fault::HostNotFound), None),
        (&proxies, format!("http://{direct}"), None, None),
        (&proxies, format!("https://{good}"), None, None),
        (&proxies, format!("https://{elsewhere}"), Some(Fault::ProxyCredentials), Some("CONNECT")),
        (&proxies, format!("http://{elsewhere}"), Some(Fault::ProxyCredentials), Some("GET")),
    ] {
        let store = store(variables, &endpoint);
        let got = store.get("k").await.map(|_| ());
        let found = got.as_ref().err().map(Error::fix);
        assert_eq!(found, fix.map(Fault::fix), "{endpoint}: {got:?}");
        if let (Err(e), Some(Fault::HostNotFound)) = (&got, fix) {
            assert!(Chain(e).to_string().contains("no answer from a.invalid:80: "), "{e:?}");
        }
        let asked = asked.try_recv().ok();
        let method = asked.as_deref().and_then(|line| line.split(' ').next());
        assert_eq!(method, line, "{endpoint}");
    }
}
