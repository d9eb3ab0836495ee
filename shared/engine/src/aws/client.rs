//! The AWS SDK's HTTP client. By default it supports neither proxies nor a bundle.

use aws_smithy_http_client::proxy::{ProxyConfig, ProxyError};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use rollcall_connector::network::Network;
use rollcall_connector::{Code, Error};

/// The client for this network; `None`: the SDK's own one is enough. It trusts the system's roots, and the bundle's.
pub(super) fn client(network: &Network) -> Result<Option<SharedHttpClient>, Error> {
    if network.is_direct() {
        return Ok(None);
    }
    let mut roots = TrustStore::default();
    if let Some(pem) = network.bundle() {
        roots.add_pem_certificate(pem);
    }
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
        Error::internal(Code::SdkClient, "could not set up the HTTP client of AWS").with_source(e)
    };
    let tls = TlsContext::builder().with_trust_store(roots).build();
    let tls = tls.map_err(|e| failed(e.into()))?;
    let http = network.http_proxy().map(|url| ProxyConfig::http(url.as_str()));
    let https = network.https_proxy().map(|url| ProxyConfig::https(url.as_str()));
    let [http, https] = [http, https].map(|proxy| through(network, &tls, proxy));
    let http = http.map_err(|e| failed(e.into()))?;
    let https = https.map_err(|e| failed(e.into()))?;
    Ok(Some(http_client_fn(move |settings, components| {
        SharedHttpConnector::new(ByScheme {
            http: http.http_connector(settings, components),
            https: https.http_connector(settings, components),
        })
    })))
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
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let plain = request.uri().starts_with("http:");
        if plain { &self.http } else { &self.https }.call(request)
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
