//! The addresses of vendors.

use url::{Host, Url};

/// Reads a vendor's address: https, or http on this machine; scheme, host, port and path alone. The error is the end of a
/// sentence.
pub fn vendor_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text)
        .map_err(|e| format!("is not a URL such as https://api.example.com ({e})"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err("has no host".into()),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => {
            return Err("must begin with https:// (http is allowed only on this machine)".into());
        }
        other => return Err(format!("must begin with https://, not {other}:")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not contain a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain a query or fragment".into());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_this_machine() {
        for good in [
            "https://saas-api.tmprl.cloud",
            "http://127.0.0.1:8233",
            "http://localhost:1",
            "http://[::1]:2",
        ] {
            assert!(vendor_url(good).is_ok(), "{good}");
        }
        for bad in [
            "saas-api.tmprl.cloud:443",
            "127.0.0.1:80",
            "http://example.com",
            "http://127.0.0.1.example.com",
            "ftp://127.0.0.1",
            "https://u:p@example.com",
            "https://example.com?x=1",
            "",
        ] {
            assert!(vendor_url(bad).is_err(), "{bad}");
        }
    }
}
