//! The address of a Confluence site, in the forms in which people write it.

use rollcall_connector::config::vendor_url;
use url::Url;

/// The address of a site's API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Site {
    /// On the site itself.
    Own(Url),
    /// Behind Atlassian's gateway, which is required for scoped tokens; with the site's cloud id.
    Gateway(Url, String),
}

/// The path of the gateway's routes.
const GATEWAY: &str = "/ex/confluence/";

impl Site {
    /// Reads `acme`, `acme.atlassian.net`, `https://acme.atlassian.net/wiki` or
    /// `https://api.atlassian.com/ex/confluence/<cloud id>`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut base = match text.contains("://") {
            true => vendor_url(text)?,
            false => vendor_url(&format!("https://{}", host(text)?))?,
        };
        if let Some(rest) = base.path().strip_prefix(GATEWAY) {
            let cloud_id = rest.split('/').next().unwrap_or_default().to_owned();
            if cloud_id.is_empty() {
                return Err("is the gateway without a cloud id: https://api.atlassian.com/ex/confluence/<cloud id>".into());
            }
            base.set_path(&format!("{GATEWAY}{cloud_id}"));
            return Ok(Self::Gateway(base, cloud_id));
        }
        if base.host_str() == Some("api.atlassian.com") {
            return Err("must be https://api.atlassian.com/ex/confluence/<cloud id>".into());
        }
        // People paste the address of a page: a site has no path of its own.
        base.set_path("");
        Ok(Self::Own(base))
    }

    /// The base URL of every path.
    pub(crate) fn base(&self) -> &Url {
        match self {
            Self::Own(base) | Self::Gateway(base, _) => base,
        }
    }
}

/// A host without a scheme. A port without a scheme could mean anything.
fn host(text: &str) -> Result<String, String> {
    let name = text.split('/').next().unwrap_or_default();
    if name.contains(':') {
        return Err(
            "has a port and therefore needs a scheme: https:// (or http:// on this machine)".into(),
        );
    }
    if name.is_empty() {
        return Err("has no host".into());
    }
    if name.contains('.') || name == "localhost" {
        return Ok(name.to_owned());
    }
    Ok(format!("{name}.atlassian.net"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_understood_however_people_write_it() {
        for (text, expected) in [
            ("acme", Ok("https://acme.atlassian.net/")),
            ("acme.atlassian.net", Ok("https://acme.atlassian.net/")),
            ("https://acme.atlassian.net/", Ok("https://acme.atlassian.net/")),
            ("https://acme.atlassian.net/wiki/", Ok("https://acme.atlassian.net/")),
            ("acme.atlassian.net/wiki/spaces/X", Ok("https://acme.atlassian.net/")),
            ("wiki.acme.example", Ok("https://wiki.acme.example/")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080/")),
            (
                "https://api.atlassian.com/ex/confluence/c-1/wiki",
                Ok("https://api.atlassian.com/ex/confluence/c-1"),
            ),
            ("127.0.0.1:8080", Err("needs a scheme")),
            ("localhost:8080", Err("needs a scheme")),
            ("http://acme.atlassian.net", Err("must begin with https")),
            ("ftp://acme.atlassian.net", Err("must begin with https")),
            ("https://api.atlassian.com/", Err("must be https://api")),
            ("https://api.atlassian.com/ex/confluence/", Err("without a cloud id")),
            ("https://ada:pw@acme.atlassian.net", Err("user name or password")),
            ("/wiki", Err("has no host")),
        ] {
            let found = Site::parse(text).map(|site| site.base().to_string());
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn the_gateway_names_the_cloud_id() {
        let site = Site::parse("https://api.atlassian.com/ex/confluence/c-1/").expect("a site");
        assert!(matches!(site, Site::Gateway(_, id) if id == "c-1"));
    }
}
