//! The name of a server in messages: host and port, and the proxy on the way to it.

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use super::Network;

impl Network {
    /// The server at `url`, for messages, such as `api.example.com:443 through the proxy 10.0.0.1:3128`.
    pub fn server(&self, url: &Url) -> String {
        let server = host_and_port(url);
        match self.proxy_for(url) {
            Some(proxy) => format!("{server} through the proxy {}", host_and_port(proxy)),
            None => server,
        }
    }

    fn proxy_for(&self, url: &Url) -> Option<&Url> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref()?,
            _ => self.https.as_ref()?,
        };
        // The HTTP libraries decide with this very type.
        let matcher = Matcher::builder().all(proxy.as_str()).no(&*self.direct).build();
        matcher.intercept(&url.as_str().parse().ok()?).map(|_| proxy)
    }
}

/// Neither a user name nor a password is shown.
fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port_or_known_default().map_or_else(|| host.into(), |port| format!("{host}:{port}"))
}
