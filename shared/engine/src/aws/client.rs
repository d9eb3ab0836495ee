//! The AWS SDK's HTTP client, with the proxies and the bundle of this network, and errors that name the server.

use std::sync::Arc;

use aws_smithy_http_client::proxy::{ProxyConfig, ProxyError};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use url::Url;

use rollcall_connector::network::Network;
use rollcall_connector::{Code, Error};

/// The client for this network. It trusts the system's roots, as the SDK's own one does, and the bundle's.
pub(super) fn client(network: &Network) -> Result<SharedHttpClient, Error> {
    let mut roots = TrustStore::default();
    if let Some(pem) = network.bundle() {
        roots.add_pem_certificate(pem);
    }
    let failed = |e: BoxError| {
        Error::internal(Code::SdkClient, "could not set up the HTTP client of AWS").with_source(e)
    };
    let tls = TlsContext::builder().with_trust_store(roots).build();
    let tls = tls.map_err(|e| failed(e.into()))?;
    let client = |proxy| through(network, &tls, proxy).map_err(|e| failed(e.into()));
    let https = client(network.https_proxy().map(|url| ProxyConfig::https(url.as_str())))?;
    let http = match (network.http_proxy(), network.https_proxy()) {
        // A client reads the system's roots when it connects first: one is enough.
        (None, None) => https.clone(),
        (proxy, _) => client(proxy.map(|url| ProxyConfig::http(url.as_str())))?,
    };
    let network = Arc::new(network.clone());
    Ok(http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByScheme {
            http: http.http_connector(settings, components),
            https: https.http_connector(settings, components),
            network: network.clone(),
        })
    }))
}

/// A client with one proxy.
fn through(
    network: &Network,
    tls: &TlsContext,
    proxy: Option<Result<ProxyConfig, ProxyError>>,
) -> Result<SharedHttpClient, ProxyError> {
    let proxy = proxy.transpose()?.unwrap_or_else(ProxyConfig::disabled);
    let proxy = proxy.no_proxy(network.direct_hosts());
    let tls = tls.clone();
    Ok(Builder::new().build_with_connector_fn(move |settings, _| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        let builder = builder.proxy_config(proxy.clone());
        let builder = builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        builder.tls_context(tls.clone()).build()
    }))
}

/// A connector of the SDK supports one proxy, for one scheme.
#[derive(Debug)]
struct ByScheme {
    http: SharedHttpConnector,
    https: SharedHttpConnector,
    network: Arc<Network>,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (uri, network) = (request.uri().to_owned(), self.network.clone());
        let connector = if uri.starts_with("http:") { &self.http } else { &self.https };
        let answer = connector.call(request);
        HttpConnectorFuture::new(async move {
            answer.await.map_err(|e| {
                let server = Url::parse(&uri).map(|url| network.server(&url));
                named(server.unwrap_or(uri), e)
            })
        })
    }
}

/// A request to AWS was not answered.
#[derive(Debug, thiserror::Error)]
#[error("no answer from {server}")]
struct Unanswered {
    server: String,
    source: BoxError,
}

/// The error with the name of the server. Its kind stays: the SDK tries again by it.
fn named(server: String, e: ConnectorError) -> ConnectorError {
    let (is_timeout, is_io, is_user, kind) = (e.is_timeout(), e.is_io(), e.is_user(), e.as_other());
    let source = Box::new(Unanswered { server, source: e.into_source() });
    match () {
        () if is_timeout => ConnectorError::timeout(source),
        () if is_io => ConnectorError::io(source),
        () if is_user => ConnectorError::user(source),
        () => ConnectorError::other(source, kind),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
