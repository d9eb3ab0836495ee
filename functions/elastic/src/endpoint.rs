//! Where an Elasticsearch deployment is, and what a key of it looks like: what people paste, and what that means.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall_connector::config::vendor_url;
use url::Url;

/// Domains under which Elastic hosts deployments.
const HOSTED: &[&str] = &[
    ".found.io",
    ".cloud.es.io",
    ".elastic-cloud.com",
    ".elastic.cloud",
];
/// The ports of hosted deployments: each leads to the same cluster as the others. Elsewhere they are ports like others.
const USUAL_PORTS: [u16; 3] = [443, 9200, 9243];

/// Reads an endpoint: `https` if no scheme is given; a port and a prefix of the path stay. What is left has no empty or
/// dotted segment that would make one path look like another.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let text = text.trim();
    let mut url = match text.contains("://") {
        true => vendor_url(text)?,
        false => vendor_url(&format!("https://{text}"))?,
    };
    let path: Vec<&str> = url.path().split('/').filter(|s| !s.is_empty()).collect();
    let path = path.join("/");
    url.set_path(&path);
    let host = url.host_str().unwrap_or_default();
    let hosted = is_hosted(host);
    let is_other = |kind: &str| hosted && host.split('.').any(|label| label == kind);
    for (label, product) in [("kb", "Kibana"), ("apm", "APM"), ("fleet", "Fleet")] {
        if is_other(label) {
            return Err(format!(
                "is the address of {product}: copy the Elasticsearch endpoint, which has `.es.` in its place"
            ));
        }
    }
    Ok(url)
}

fn is_hosted(host: &str) -> bool {
    HOSTED.iter().any(|domain| host.ends_with(domain))
}

/// For the configuration: what is wrong with an endpoint.
pub(crate) fn check(text: &str) -> Result<(), String> {
    parse(text).map(drop)
}

/// The same cluster, however its endpoint is written: what a connection is held to.
pub(crate) fn identity(endpoint: &Url) -> String {
    let host = endpoint.host_str().unwrap_or_default();
    let path = endpoint.path().trim_end_matches('/');
    match endpoint.port() {
        Some(port) if !(is_hosted(host) && USUAL_PORTS.contains(&port)) => {
            format!("{host}:{port}{path}")
        }
        _ => format!("{host}{path}"),
    }
}

/// Whether both are on one host, whatever is below it.
pub(crate) fn is_same_host(one: &Url, other: &Url) -> bool {
    let root = |url: &Url| {
        let mut url = url.clone();
        url.set_path("");
        identity(&url)
    };
    root(one) == root(other)
}

/// For the configuration: whether this is a key as Elasticsearch takes it. There are two ways of writing one, and the
/// console shows both.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let decoded = STANDARD.decode(key).ok();
    let parts = decoded.as_deref().and_then(|bytes| {
        let (id, secret) = std::str::from_utf8(bytes).ok()?.split_once(':')?;
        Some(!id.is_empty() && !secret.is_empty() && !secret.contains(':'))
    });
    if parts == Some(true) {
        return Ok(());
    }
    if key.starts_with("essu_") {
        return Err(
            "is a key of Elastic Cloud; here belongs one that was made in the deployment".into(),
        );
    }
    Err("must be the *encoded* form of the key, Base64 of `id:secret`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_understood_however_people_write_it() {
        for (text, expected) in [
            (
                "https://main.es.us-east-1.aws.found.io",
                Ok("https://main.es.us-east-1.aws.found.io/"),
            ),
            (
                "main.es.us-east-1.aws.found.io:9243",
                Ok("https://main.es.us-east-1.aws.found.io:9243/"),
            ),
            (
                " https://0123456789abcdef0123456789abcdef.europe-west1.gcp.cloud.es.io:9243/ ",
                Ok("https://0123456789abcdef0123456789abcdef.europe-west1.gcp.cloud.es.io:9243/"),
            ),
            (
                "https://es.acme.example:9200/search//cluster/",
                Ok("https://es.acme.example:9200/search/cluster"),
            ),
            (
                "https://es.acme.example/x/../y/./",
                Ok("https://es.acme.example/y"),
            ),
            ("https://es.acme.example//", Ok("https://es.acme.example/")),
            ("http://127.0.0.1:9200", Ok("http://127.0.0.1:9200/")),
            // Only Elastic's own domains tell Kibana by its label.
            (
                "https://search.kb.acme.example",
                Ok("https://search.kb.acme.example/"),
            ),
            (
                "https://main.kb.us-east-1.aws.found.io",
                Err("the address of Kibana"),
            ),
            (
                "https://main.apm.us-east-1.aws.found.io",
                Err("the address of APM"),
            ),
            ("http://es.acme.example:9200", Err("must begin with https")),
            (
                "https://elastic:pw@es.acme.example",
                Err("user name or password"),
            ),
            ("https://es.acme.example/?pretty", Err("query or fragment")),
            ("https://es.acme.example/#x", Err("query or fragment")),
            ("not a url", Err("is not a URL")),
            ("", Err("is not a URL")),
            ("https://", Err("is not a URL")),
        ] {
            match (parse(text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.as_str(), expected, "{text}"),
                (Err(found), Err(expected)) => assert!(found.contains(expected), "{text}: {found}"),
                (found, expected) => panic!("{text}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_cluster_is_the_same_behind_any_of_its_usual_ports() {
        let of = |text| identity(&parse(text).expect("an endpoint"));
        for text in [
            "main.es.us-east-1.aws.found.io",
            "https://main.es.us-east-1.aws.found.io:9243/",
            "https://main.es.us-east-1.aws.found.io:443",
        ] {
            assert_eq!(of(text), "main.es.us-east-1.aws.found.io");
        }
        assert_eq!(of("http://127.0.0.1:8236"), "127.0.0.1:8236");
        assert_eq!(of("https://es.acme.example/b/"), "es.acme.example/b");
        // Two clusters of one machine.
        assert_eq!(of("https://es.acme.example:9200"), "es.acme.example:9200");
        assert_eq!(of("https://es.acme.example:9243"), "es.acme.example:9243");
    }

    #[test]
    fn a_key_is_taken_in_its_encoded_form_only() {
        let good = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
        assert_eq!(check_key(good), Ok(()));
        for (key, expected) in [
            ("ui2lp2axTNmsyakw9tvNnw", "must be the *encoded* form"),
            ("essu_abcdef", "is a key of Elastic Cloud"),
            ("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw", "encoded"),
            // `a:b:c`, `:b`, `ab`
            ("YTpiOmM=", "encoded"),
            ("OmI=", "encoded"),
            ("YWI=", "encoded"),
        ] {
            let problem = check_key(key).expect_err("unusable");
            assert!(problem.contains(expected), "{key}: {problem}");
            assert!(!problem.contains(key));
        }
    }
}
