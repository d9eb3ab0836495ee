//! The HTTP connections of a process.

use std::time::Duration;

use reqwest::{Certificate, redirect};
use url::Url;

use crate::Error;
use crate::network::{Network, bad_bundle};

/// The timeout of an answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

/// No connection takes longer than this: time for the system to try three times.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP connections of this process. Clones share them.
#[derive(Debug, Clone)]
pub struct Transport {
    pub(super) client: reqwest::Client,
    network: Network,
}

impl Transport {
    /// The only constructor of HTTP clients. It trusts the compiled-in public roots and those of `ROLLCALL_CA_BUNDLE`,
    /// and uses the proxies of `network`; without one, it connects directly.
    pub fn new(network: Option<&Network>) -> Result<Self, Error> {
        Self::build(network.cloned().unwrap_or_default(), reqwest::ClientBuilder::http1_only)
    }

    /// The same connections for gRPC, which is HTTP/2 from the first byte on, over TLS or not.
    pub fn http2(&self) -> Result<Self, Error> {
        Self::build(self.network.clone(), reqwest::ClientBuilder::http2_prior_knowledge)
    }

    fn build(
        network: Network,
        protocol: fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Error> {
        let unusable = |e| bad_bundle("could not set up TLS".into()).with_source(e);
        let mut roots = network.certificates().map_err(unusable)?;
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            roots.extend(Certificate::from_der(der));
        }
        // `no_proxy`: the library would read the variables itself, and send requests to this machine through the proxy,
        // with their key.
        #[expect(clippy::disallowed_methods, reason = "this is the only constructor")]
        let mut client = protocol(reqwest::Client::builder())
            .tls_certs_only(roots)
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        for proxy in network.proxies().map_err(unusable)? {
            client = client.proxy(proxy);
        }
        Ok(Self { client: client.build().map_err(unusable)?, network })
    }

    /// The client, for what is not a vendor's API: [`super::Http`] is the client for those.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// The server at `url`, for messages: see [`Network::server`].
    pub fn server(&self, url: &Url) -> String {
        self.network.server(url)
    }
}
