//! Servers and settings for tests of outbound connections, also in the engine, which includes this file.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rollcall_model::Error;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub(crate) const TESTDATA: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../connector/src/network/testdata");

pub(crate) fn network(variables: &[(&str, &str)]) -> Result<super::Network, Error> {
    let variable = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    super::Network::from_variables(&variable)
}

/// A server that gives this answer to each connection, and reports the first line of each request.
pub(crate) fn server(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let (asked, lines) = channel();
    let address = serve(move |mut stream| {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).unwrap_or_default();
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        // Before the answer: the test that gets it reads this.
        let _ = asked.send(text.lines().next().unwrap_or_default().to_owned());
        let _ = stream.write_all(answer.as_bytes());
    });
    (address, lines)
}

pub(crate) fn serve(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

/// A server that speaks TLS with this certificate.
pub(crate) fn tls_server(certificate: &str) -> SocketAddr {
    let chain = CertificateDer::from_pem_file(format!("{TESTDATA}/{certificate}")).expect("one");
    let key = PrivateKeyDer::from_pem_file(format!("{TESTDATA}/server.key")).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a configuration");
    let config = Arc::new(config);
    let answer = move |stream| {
        let connection = rustls::ServerConnection::new(config.clone()).expect("a connection");
        let mut stream = rustls::StreamOwned::new(connection, stream);
        if stream.read(&mut [0; 4096]).is_ok() {
            let _ = stream.write_all(GOOD.as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    };
    serve(answer)
}

pub(crate) const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
