//! The way out of this process: proxies and trust roots, the same for vendors and for AWS; and why a connection failed.

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::path::Path;
use std::sync::Arc;

use crate::Code;
use reqwest::{Certificate, NoProxy, Proxy};
use rustls::CertificateError;
use url::Url;

use crate::{Error, ErrorType};

/// Addresses that are never reached through a proxy: this machine, and what serves it alone (credentials on EC2 and ECS).
const DIRECT: &str = "localhost,127.0.0.0/8,::1,169.254.0.0/16,fe80::/10,fd00:ec2::/32";

/// Proxies and additional trust roots. Without any, every address is reached directly.
#[derive(Clone, Default)]
pub struct Network {
    http: Option<Url>,
    https: Option<Url>,
    /// Hosts that are reached directly, as `NO_PROXY` lists them.
    direct: String,
    /// The PEM file of further trust roots.
    bundle: Option<Arc<[u8]>>,
}

/// The address of a proxy may hold a password.
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
            let named = either(variable, name).or_else(|| either(variable, "ALL_PROXY"));
            named
                .map(|(name, text)| proxy_url(&name, &text))
                .transpose()
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
        let proxies = http.into_iter().chain(https);
        proxies
            .map(|proxy| proxy.map(|proxy| proxy.no_proxy(direct.clone())))
            .collect()
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

    /// Whether there is neither a proxy nor a bundle.
    pub fn is_direct(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.bundle.is_none()
    }

    /// The trust roots of `ROLLCALL_CA_BUNDLE`.
    pub(crate) fn certificates(&self) -> Result<Vec<Certificate>, reqwest::Error> {
        let bundle = self.bundle.as_deref();
        bundle.map_or(Ok(Vec::new()), Certificate::from_pem_bundle)
    }
}

/// The value of a variable whose name is also written in small letters, and the name that it was found under.
fn either(variable: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<(String, String)> {
    let names = [name.to_owned(), name.to_ascii_lowercase()];
    names.into_iter().find_map(|name| {
        let value = variable(&name)?;
        Some((name, value))
    })
}

/// Reads the address of a proxy, which is http unless it says otherwise. It is never quoted: it may hold a password.
fn proxy_url(name: &str, text: &str) -> Result<Url, Error> {
    let text = text.trim();
    let with_scheme = match text.contains("://") {
        true => text.to_owned(),
        false => format!("http://{text}"),
    };
    let url = Url::parse(&with_scheme).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| {
            Error::new(
                ErrorType::Misconfigured,
                Code::BadProxy,
                format!("{name} is not the address of an HTTP proxy"),
                "Write it as http://proxy.example.com:3128, or unset it. SOCKS proxies are not supported.",
            )
        })
}

/// Reads a PEM file of certificates, and checks each of them: the AWS SDK panics at one that it cannot read.
fn read_bundle(path: &Path) -> Result<Arc<[u8]>, Error> {
    let pem = std::fs::read(path)
        .map_err(|e| bad_bundle(format!("could not read {}", path.display())).with_source(e))?;
    let unusable = || format!("{} holds a certificate that cannot be read", path.display());
    let certificates = pem_certificates(&pem).map_err(|e| bad_bundle(unusable()).with_source(e))?;
    if certificates == 0 {
        return Err(bad_bundle(format!(
            "{} holds no certificates",
            path.display()
        )));
    }
    Ok(pem.into())
}

/// How many certificates the text of a PEM file holds.
fn pem_certificates(pem: &[u8]) -> Result<usize, Box<dyn StdError + Send + Sync>> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        store.add(certificate?)?;
    }
    Ok(store.len())
}

/// An error of the trust roots.
pub(crate) fn bad_bundle(what: String) -> Error {
    Error::new(
        ErrorType::Misconfigured,
        Code::BadTrustRoots,
        what,
        "Let ROLLCALL_CA_BUNDLE name a readable PEM file of certificates, or unset it.",
    )
}

/// Why a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No trusted authority signed the certificate.
    UnknownIssuer,
    /// The certificate has ended, or has not begun.
    OutOfDate,
    /// The certificate is for another host.
    WrongName,
    /// TLS failed for another reason.
    Tls,
    /// The name of the host has no address.
    HostNotFound,
    /// Nothing listens at the address.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The proxy wants a user name and a password.
    ProxyCredentials,
    /// The proxy did not connect.
    Proxy,
    /// Anything else: the connection broke, the network is down.
    Other,
}

impl Fault {
    /// The first cause in the chain that tells why.
    pub fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(e) = cause {
            if let Some(fault) = Self::of_one(e) {
                return fault;
            }
            // The error inside an `io::Error` is not its source: only what lies behind it is.
            let inside = e.downcast_ref::<std::io::Error>().and_then(|e| e.get_ref());
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
        if let Some(e) = e.downcast_ref::<std::io::Error>() {
            match e.kind() {
                std::io::ErrorKind::ConnectionRefused => return Some(Self::Refused),
                std::io::ErrorKind::TimedOut => return Some(Self::TimedOut),
                _ => {}
            }
        }
        if e.downcast_ref::<reqwest::Error>()
            .is_some_and(reqwest::Error::is_timeout)
        {
            return Some(Self::TimedOut);
        }
        // The types of these are private to the HTTP library. Tests hold the texts.
        match e.to_string().as_str() {
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
        match e {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::OutOfDate,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongName
            }
            _ => Self::Tls,
        }
    }

    /// Whether no repetition helps before somebody changes something.
    pub fn is_final(self) -> bool {
        self.kind() == ErrorType::Misconfigured
    }

    /// The type of the error.
    pub fn kind(self) -> ErrorType {
        match self {
            Self::UnknownIssuer | Self::WrongName | Self::ProxyCredentials => {
                ErrorType::Misconfigured
            }
            _ => ErrorType::Unavailable,
        }
    }

    /// The code, where a vendor was called.
    pub fn code(self) -> Code {
        match self {
            Self::UnknownIssuer => Code::UntrustedCertificate,
            Self::OutOfDate => Code::CertificateOutOfDate,
            Self::WrongName => Code::CertificateOfAnotherHost,
            Self::Tls => Code::TlsFailed,
            Self::HostNotFound => Code::HostNotFound,
            Self::Refused | Self::Other => Code::VendorUnreachable,
            Self::TimedOut => Code::VendorTimeout,
            Self::ProxyCredentials => Code::ProxyCredentials,
            Self::Proxy => Code::ProxyFailed,
        }
    }

    /// What the operator should do.
    pub fn fix(self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "No trusted authority signed the server's certificate. If a proxy inspects TLS, or the server has a certificate of a private authority, let ROLLCALL_CA_BUNDLE name a PEM file with that authority's certificate. Otherwise check the address."
            }
            Self::OutOfDate => {
                "The server's certificate has expired or is not valid yet. Check the clock of this machine. If it is right, whoever runs the server (or the proxy that inspects TLS) must renew the certificate."
            }
            Self::WrongName => {
                "The server's certificate is for another host name. Check the host in the configured address, and whether a proxy or another server answers there."
            }
            Self::Tls => {
                "The address answers, but not with TLS that can be used. Check scheme and port of the configured address, and whether a proxy answers there; else run again."
            }
            Self::HostNotFound => {
                "The host name has no address. Check the host in the configured address and the DNS of this network; else run again."
            }
            Self::Refused => {
                "Check the address in the configuration: nothing listens there. If this network needs a proxy, set HTTPS_PROXY (or correct it, and NO_PROXY). Else run again."
            }
            Self::TimedOut => {
                "There was no answer in time. Check that this network lets connections out to that host (firewall, security group, NAT of a VPC, HTTPS_PROXY); else run again later."
            }
            Self::ProxyCredentials => {
                "The proxy wants a user name and a password: put them into its address, as in HTTPS_PROXY=http://user:password@proxy.example.com:3128."
            }
            Self::Proxy => {
                "The proxy did not connect. Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, and whether the proxy allows that host; hosts in NO_PROXY are reached directly. Else run again."
            }
            Self::Other => {
                "Check the address in the configuration and the network's way out; else run again."
            }
        }
    }
}
