//! Proxies and trust roots, the same for vendors and for AWS; and the reasons why connections fail.

mod server;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::sync::Arc;

use reqwest::{Certificate, NoProxy, Proxy};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::Url;

use crate::{Code, Error, ErrorType};

/// Addresses that are never reached through a proxy: this machine, and the credential servers of EC2 and ECS.
const DIRECT: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10,fd00:ec2::/32";

/// Proxies and additional trust roots. Without a proxy, every address is reached directly.
#[derive(Clone, Default)]
pub struct Network {
    http: Option<Url>,
    https: Option<Url>,
    /// Hosts that are reached directly, as `NO_PROXY` lists them.
    direct: String,
    /// The PEM text of additional trust roots.
    bundle: Option<Arc<[u8]>>,
}

/// Shows nothing: the address of a proxy may contain a password.
impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` (in capitals or not) and `ROLLCALL_CA_BUNDLE`.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let no_proxy = either(variable, "NO_PROXY").map_or(String::new(), |(_, text)| text);
        let bundle = variable("ROLLCALL_CA_BUNDLE").map(|path| read_bundle(Path::new(&path)));
        let mut network = Self {
            direct: format!("{DIRECT},{no_proxy}"),
            bundle: bundle.transpose()?,
            ..Self::default()
        };
        if no_proxy.split(',').any(|rule| rule.trim() == "*") {
            return Ok(network);
        }
        let proxy = |name| {
            let given = either(variable, name).or_else(|| either(variable, "ALL_PROXY"));
            given.map(|(name, text)| proxy_url(&name, &text)).transpose()
        };
        network.http = proxy("HTTP_PROXY")?;
        network.https = proxy("HTTPS_PROXY")?;
        Ok(network)
    }

    /// The proxies of the vendors' client.
    pub(crate) fn proxies(&self) -> Result<Vec<Proxy>, reqwest::Error> {
        let direct = NoProxy::from_string(&self.direct);
        let http = self.http.as_ref().map(|url| Proxy::http(url.as_str()));
        let https = self.https.as_ref().map(|url| Proxy::https(url.as_str()));
        let all = http.into_iter().chain(https);
        all.map(|proxy| Ok(proxy?.no_proxy(direct.clone()))).collect()
    }

    /// The proxy for addresses of scheme `http`.
    pub fn http_proxy(&self) -> Option<&Url> {
        self.http.as_ref()
    }

    /// The proxy for addresses of scheme `https`.
    pub fn https_proxy(&self) -> Option<&Url> {
        self.https.as_ref()
    }

    /// The hosts that are reached without a proxy, in the syntax of `NO_PROXY`.
    pub fn direct_hosts(&self) -> &str {
        &self.direct
    }

    /// The PEM text of `ROLLCALL_CA_BUNDLE`.
    pub fn bundle(&self) -> Option<&[u8]> {
        self.bundle.as_deref()
    }

    /// The trust roots of `ROLLCALL_CA_BUNDLE`.
    pub(crate) fn certificates(&self) -> Result<Vec<Certificate>, reqwest::Error> {
        let bundle = self.bundle.as_deref();
        bundle.map_or(Ok(Vec::new()), Certificate::from_pem_bundle)
    }
}

/// The value of a variable whose name may be in capitals or not, and the name that it was found under.
fn either(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<(String, String)> {
    let names = [name.to_owned(), name.to_ascii_lowercase()];
    names.into_iter().find_map(|name| {
        let value = variable(&name)?;
        Some((name, value))
    })
}

/// Reads the address of a proxy; the scheme is optional. It is never quoted: it may contain a password.
fn proxy_url(name: &str, text: &str) -> Result<Url, Error> {
    let text = text.trim();
    let with_scheme = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    match Url::parse(&with_scheme) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(Error::new(
            ErrorType::Misconfigured,
            Code::BadProxy,
            format!("{name} is not the address of an HTTP proxy"),
            "Write it as http://proxy.example.com:3128, or unset it. SOCKS proxies are not supported.",
        )),
    }
}

/// Reads a PEM file of certificates, and checks each of them: the AWS SDK panics at one that it cannot read.
fn read_bundle(path: &Path) -> Result<Arc<[u8]>, Error> {
    let path_name = path.display();
    let unreadable = |e| bad_bundle(format!("could not read {path_name}")).with_source(e);
    let pem = std::fs::read(path).map_err(unreadable)?;
    let unusable = format!("{path_name} contains a certificate that cannot be read");
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|e| bad_bundle(unusable.clone()).with_source(e))?;
        let added = store.add(certificate);
        added.map_err(|e| bad_bundle(unusable.clone()).with_source(e))?;
    }
    match store.is_empty() {
        true => Err(bad_bundle(format!("{path_name} contains no certificates"))),
        false => Ok(pem.into()),
    }
}

/// An error of the trust roots.
pub(crate) fn bad_bundle(what: String) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadTrustRoots,
        what,
        "Set ROLLCALL_CA_BUNDLE to a readable PEM file of certificates, or unset it.",
    )
}

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident: $kind:ident, $code:path, $words:literal, $fix:literal)*) => {
        /// The reason why a connection failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault { $($(#[$doc])* $name,)* }

        impl Fault {
            /// The reason in a few words, such as "connection refused".
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }

            /// The error's type, its code for calls of vendors, and what the operator should do.
            pub fn facts(self) -> (ErrorType, Code, &'static str) {
                match self { $(Self::$name => (ErrorType::$kind, $code, $fix),)* }
            }
        }
    };
}

faults! {
    /// No trusted authority signed the certificate.
    UnknownIssuer: Misconfigured, Code::UntrustedCertificate,
        "untrusted certificate",
        "No trusted authority signed the server's certificate. If a proxy inspects TLS, or a private authority issued the server's certificate, set ROLLCALL_CA_BUNDLE to a PEM file with that authority's certificate. Otherwise check the address."
    /// The certificate has expired or is not valid yet.
    OutOfDate: Unavailable, Code::CertificateOutOfDate,
        "certificate out of date",
        "The server's certificate has expired or is not valid yet. Check the clock of this machine. If it is right, whoever runs the server (or the proxy that inspects TLS) must renew the certificate."
    /// The certificate is for another host.
    WrongName: Misconfigured, Code::CertificateOfAnotherHost,
        "certificate of another host",
        "The server's certificate is for another host name. Check the host in the configured address, and whether a proxy or another server answers there."
    /// TLS failed for another reason.
    Tls: Unavailable, Code::TlsFailed,
        "no usable TLS",
        "The server does not offer usable TLS. Check the scheme and port of the configured address, and whether a proxy answers there; otherwise run again."
    /// The host name cannot be resolved.
    HostNotFound: Unavailable, Code::HostNotFound,
        "host name cannot be resolved",
        "The host name cannot be resolved. Check the host in the configured address and the DNS of this network; otherwise run again."
    /// Nothing listens at the address.
    Refused: Unavailable, Code::VendorUnreachable,
        "connection refused",
        "Check the address in the configuration: nothing listens there. If this network needs a proxy, set HTTPS_PROXY (or correct it, and NO_PROXY). Otherwise run again."
    /// No answer in time.
    TimedOut: Unavailable, Code::VendorTimeout,
        "no answer in time",
        "There was no answer in time. Check that this network lets connections out to that host (firewall, security group, NAT of a VPC, HTTPS_PROXY); otherwise run again later."
    /// The proxy requires a user name and a password.
    ProxyCredentials: Misconfigured, Code::ProxyCredentials,
        "the proxy requires a password",
        "The proxy requires a user name and a password: put them into its address, as in HTTPS_PROXY=http://user:password@proxy.example.com:3128."
    /// The proxy did not connect.
    Proxy: Unavailable, Code::ProxyFailed,
        "the proxy did not connect",
        "The proxy did not connect. Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, and whether the proxy allows that host; hosts in NO_PROXY are reached directly. Otherwise run again."
    /// Another reason.
    Other: Unavailable, Code::VendorUnreachable,
        "the connection failed",
        "Check the address in the configuration and your network or proxy; otherwise run again."
}

impl Fault {
    /// The reason from the first known cause in the chain of `error`.
    pub fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(e) = cause {
            if let Some(fault) = Self::of_one(e) {
                return fault;
            }
            // The error inside an `io::Error` is not its source: only that error's own source is.
            let inside = e.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            cause = match inside {
                Some(inside) => Some(inside),
                None => e.source(),
            };
        }
        Self::Other
    }

    fn of_one(e: &(dyn StdError + 'static)) -> Option<Self> {
        if let Some(e) = e.downcast_ref::<rustls::Error>() {
            return Some(Self::of_tls(e));
        }
        match e.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return Some(Self::Refused),
            Some(io::ErrorKind::TimedOut) => return Some(Self::TimedOut),
            _ => {}
        }
        let timed_out = e.downcast_ref().is_some_and(reqwest::Error::is_timeout);
        // The types of the other errors are private to the HTTP library. Tests check the texts.
        match e.to_string().as_str() {
            _ if timed_out => Some(Self::TimedOut),
            "dns error" => Some(Self::HostNotFound),
            text if text.ends_with("tunnel error: proxy authorization required") => {
                Some(Self::ProxyCredentials)
            }
            text if text.contains("tunnel error") => Some(Self::Proxy),
            _ => None,
        }
    }

    fn of_tls(e: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(e) = e else {
            return Self::Tls;
        };
        use CertificateError as Bad;
        match e {
            Bad::UnknownIssuer => Self::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => Self::OutOfDate,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => Self::OutOfDate,
            Bad::NotValidForName | Bad::NotValidForNameContext { .. } => Self::WrongName,
            _ => Self::Tls,
        }
    }

    /// Whether a retry cannot help until the operator changes something.
    pub fn is_final(self) -> bool {
        self.kind() == ErrorType::Misconfigured
    }

    /// The type of the error.
    pub fn kind(self) -> ErrorType {
        self.facts().0
    }

    /// What the operator should do.
    pub fn fix(self) -> &'static str {
        self.facts().2
    }
}
