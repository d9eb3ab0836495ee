//! The values that configure a deployment: name, endpoint and key, in the forms in which people paste them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall_connector::config::vendor_url;
use url::Url;

/// Domains under which Elastic hosts deployments.
const HOSTED: &[&str] = &[".found.io", ".cloud.es.io", ".elastic-cloud.com", ".elastic.cloud"];
/// The ports of a hosted deployment lead to the same cluster. Elsewhere each port may be another cluster.
const USUAL_PORTS: [u16; 3] = [443, 9200, 9243];

/// Reads an endpoint: `https` if there is no scheme; with its port and path prefix, without empty or dotted segments.
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
    for (label, product) in [("kb", "Kibana"), ("apm", "APM"), ("fleet", "Fleet")] {
        if is_hosted(host) && host.split('.').any(|part| part == label) {
            return Err(format!(
                "is the address of {product}: copy the Elasticsearch endpoint, which has `.es.` instead"
            ));
        }
    }
    Ok(url)
}

fn is_hosted(host: &str) -> bool {
    HOSTED.iter().any(|domain| host.ends_with(domain))
}

/// For the configuration: whether this is an endpoint.
pub(crate) fn check(text: &str) -> Result<(), String> {
    parse(text).map(drop)
}

/// The same text for every way to write the endpoint of a cluster. A connection is pinned to it.
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

/// Whether both are on one host, whatever their paths.
pub(crate) fn is_same_host(one: &Url, other: &Url) -> bool {
    let root = |url: &Url| {
        let mut url = url.clone();
        url.set_path("");
        identity(&url)
    };
    root(one) == root(other)
}

/// For the configuration: whether this is a key in its encoded form. The console also shows other forms.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let decoded = STANDARD.decode(key).unwrap_or_default();
    let parts = std::str::from_utf8(&decoded).unwrap_or_default().split_once(':');
    match parts {
        Some((id, secret)) if !id.is_empty() && !secret.is_empty() && !secret.contains(':') => {
            Ok(())
        }
        _ if key.starts_with("essu_") => {
            Err("is an Elastic Cloud key: use one that was created in the deployment".into())
        }
        _ => Err("must be the *encoded* form of the key, Base64 of `id:secret`".into()),
    }
}

/// For the configuration: whether this can be the name of a deployment in ids.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let good = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    match matches!(name.len(), 1..=63) && !name.starts_with('-') && name.bytes().all(good) {
        true => Ok(()),
        false => {
            Err("must consist of at most 63 characters a-z, 0-9 and `-`, and not begin with `-`"
                .into())
        }
    }
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
            ("https://es.acme.example/x/../y/./", Ok("https://es.acme.example/y")),
            ("https://es.acme.example//", Ok("https://es.acme.example/")),
            ("http://127.0.0.1:9200", Ok("http://127.0.0.1:9200/")),
            // Only Elastic's own domains identify Kibana by its label.
            ("https://search.kb.acme.example", Ok("https://search.kb.acme.example/")),
            ("https://main.kb.us-east-1.aws.found.io", Err("the address of Kibana")),
            ("https://main.apm.us-east-1.aws.found.io", Err("the address of APM")),
            ("http://es.acme.example:9200", Err("must begin with https")),
            ("https://elastic:pw@es.acme.example", Err("user name or password")),
            ("https://es.acme.example/?pretty", Err("query or fragment")),
            ("https://es.acme.example/#x", Err("query or fragment")),
            ("elastic:pw@es.acme.example", Err("user name or password")),
            ("ftp://es.acme.example", Err("must begin with https")),
            ("not a url", Err("is not a URL")),
            // A Cloud ID, which the console shows next to the endpoint.
            ("main:dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyQ", Err("is not a URL")),
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
        // Two clusters on one machine.
        assert_eq!(of("https://es.acme.example:9200"), "es.acme.example:9200");
        assert_eq!(of("https://es.acme.example:9243"), "es.acme.example:9243");
    }

    #[test]
    fn a_key_is_taken_in_its_encoded_form_only() {
        let good = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==";
        assert_eq!(check_key(good), Ok(()));
        for (key, expected) in [
            ("ui2lp2axTNmsyakw9tvNnw", "must be the *encoded* form"),
            ("essu_abcdef", "is an Elastic Cloud key"),
            ("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw", "encoded"),
            // `a:b:c`, `:b`, `ab`
            ("YTpiOmM=", "encoded"),
            ("OmI=", "encoded"),
            ("YWI=", "encoded"),
            // The end was lost in copying.
            (good.trim_end_matches('='), "encoded"),
        ] {
            let problem = check_key(key).expect_err("unusable");
            assert!(problem.contains(expected), "{key}: {problem}");
            assert!(!problem.contains(key));
        }
    }

    #[test]
    fn a_name_is_of_small_letters_digits_and_hyphens() {
        let long = "a".repeat(64);
        for (name, is_good) in [
            ("main", true),
            ("0-a-", true),
            (&long[1..], true),
            (&long, false),
            ("", false),
            ("-main", false),
            ("Main", false),
            ("a_b", false),
            ("a b", false),
            ("a›b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), is_good, "{name}");
        }
    }
}
