use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use serde_json::{Value, json};

use super::testing::{GOOD, TESTDATA, network, server, tls_server};
use super::*;
use crate::clock::Manual;
use crate::http::limit::Meter;
use crate::http::{Call, Http, Session, Transport, Vendor};

/// An address of this machine where nothing listens.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

async fn ask(network: &Network, base: &str) -> Result<Value, Error> {
    ask_patiently(network, base, Duration::ZERO, Arc::default()).await
}

async fn ask_patiently(
    network: &Network,
    base: &str,
    max_wait: Duration,
    meter: Arc<Meter>,
) -> Result<Value, Error> {
    let clock = Arc::new(Manual::at(jiff::Timestamp::UNIX_EPOCH));
    let session =
        Session { max_wait, meter, ..Session::new(Transport::new(Some(network))?, clock) };
    let vendor = Vendor {
        base: base.parse().expect("an address"),
        headers: Vec::new(),
        pace: None,
        budgets: Vec::new(),
        concurrency: None,
    };
    let http = Http::new(session, vendor)?;
    // A write is sent once.
    Ok(http.send(&Call::post(&["x"], json!({}))).await?)
}

#[tokio::test]
async fn this_machine_is_never_reached_through_a_proxy() {
    let (address, _) = server(GOOD);
    let (proxy, through_proxy) = server(GOOD);
    let proxy = format!("http://{proxy}");
    let network = network(&[("HTTP_PROXY", &proxy), ("all_proxy", &proxy)]).expect("usable");
    for host in ["127.0.0.1", "localhost"] {
        let base = format!("http://{host}:{}", address.port());
        ask(&network, &base).await.expect("reached");
    }
    assert!(through_proxy.try_recv().is_err(), "nothing went through it");
}

#[tokio::test]
async fn other_hosts_are_reached_as_the_variables_say() {
    let (proxy, asked) = server("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    let proxy = format!("http://u:hunter2@{proxy}");
    for (variables, base, expected) in [
        (&[("HTTPS_PROXY", &*proxy)][..], "https://a.invalid", "CONNECT a.invalid:443 HTTP/1.1"),
        (&[("all_proxy", &*proxy)], "https://a.invalid", "CONNECT a.invalid:443 HTTP/1.1"),
        (&[("http_proxy", &*proxy)], "http://a.invalid", "POST http://a.invalid/x HTTP/1.1"),
        (&[("HTTP_PROXY", &*proxy)], "https://a.invalid", ""),
        (&[("ALL_PROXY", &*proxy), ("NO_PROXY", ".invalid")], "https://a.invalid", ""),
        (&[("ALL_PROXY", &*proxy), ("no_proxy", "b, *")], "https://a.invalid", ""),
    ] {
        let network = network(variables).expect("usable");
        let error = ask(&network, base).await.expect_err("no such host");
        let asked: Vec<String> = asked.try_iter().collect();
        assert_eq!(asked.concat(), expected, "{variables:?}");
        assert!(!format!("{error:?} {network:?}").contains("hunter2"));
    }
}

#[test]
fn an_unusable_proxy_is_named_and_not_quoted() {
    for (name, value) in [
        ("HTTPS_PROXY", "socks5://u:hunter2@p"),
        ("https_proxy", "http://u:hunter2@"),
        ("ALL_PROXY", "http://u:hunter2@p:port"),
    ] {
        let error = network(&[(name, value)]).expect_err("unusable");
        assert_eq!(error.code(), "BadProxy");
        assert!(error.to_string().contains(name), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert!(network(&[("HTTP_PROXY", "p.example:3128")]).is_ok());
}

#[tokio::test]
async fn each_reason_of_a_failed_connection_has_its_own_code() {
    let good = tls_server("server.pem");
    let expired = tls_server("expired.pem");
    let bundle = format!("{TESTDATA}/authority.pem");
    let trusting = network(&[("ROLLCALL_CA_BUNDLE", &bundle)]).expect("usable");
    let (no_login, _) = server("HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n");
    let (no_tunnel, _) = server("HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n");
    let proxied = |proxy| network(&[("HTTPS_PROXY", &format!("http://{proxy}"))]).expect("usable");
    let (plain, _) = server(GOOD);

    assert!(ask(&trusting, &format!("https://{good}")).await.is_ok());
    let dead = closed();
    let through = format!("a.invalid:443 through the proxy {dead}");
    for (network, base, code, server) in [
        (Network::default(), format!("https://{good}"), "UntrustedCertificate", &*good.to_string()),
        (trusting.clone(), format!("https://{expired}"), "CertificateOutOfDate", ":"),
        (
            trusting.clone(),
            format!("https://localhost:{}", good.port()),
            "CertificateOfAnotherHost",
            "localhost:",
        ),
        (trusting.clone(), format!("https://{plain}"), "TlsFailed", ":"),
        (Network::default(), "https://a.invalid".into(), "HostNotFound", "a.invalid:443"),
        (Network::default(), format!("https://{dead}"), "VendorUnreachable", &dead.to_string()),
        (proxied(no_login), "https://a.invalid".into(), "ProxyCredentials", "through the proxy"),
        (proxied(no_tunnel), "https://a.invalid".into(), "ProxyFailed", "through the proxy"),
        (proxied(dead), "https://a.invalid".into(), "ProxyFailed", &through),
    ] {
        let meter = Arc::<Meter>::default();
        let answer = ask_patiently(&network, &base, Duration::MAX, meter.clone()).await;
        let error = answer.expect_err("unreachable");
        assert_eq!(error.code(), code, "{base}: {error:?}");
        assert!(error.to_string().contains(server), "{server}: {error}");
        let is_repeated = meter.usage().retries > 0;
        assert_eq!(is_repeated, error.kind().is_retryable(), "{code}");
    }
}

#[test]
fn a_bundle_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bundle.pem");
    let path = path.to_str().expect("text");
    let garbage = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    for content in [None, Some(""), Some("no PEM"), Some(garbage)] {
        if let Some(content) = content {
            std::fs::write(path, content).expect("written");
        }
        let error = network(&[("ROLLCALL_CA_BUNDLE", path)]).expect_err("unusable");
        assert_eq!(error.code(), "BadTrustRoots", "{content:?}");
        assert!(error.to_string().contains(path), "{error}");
    }
}
