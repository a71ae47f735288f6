//! `fetch()` over TLS: a certificate that is not trusted is refused, and a root of one's own can be added.
#![expect(clippy::unwrap_used, reason = "a test panics when it fails")]

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, Stream, pki_types::PrivateKeyDer};

/// The fetch itself, when the tests below start this program again: roots are read once in a process.
#[tokio::test]
async fn child() {
    let (Ok(url), Some(report)) = (std::env::var("WHARF_TEST_URL"), std::env::var_os("WHARF_TEST_REPORT")) else {
        return;
    };
    let outcome = match wharf::fetch(url).await {
        Ok(reply) => reply.text().await.unwrap(),
        Err(error) => format!("{error:?}"),
    };
    fs::write(report, outcome).unwrap();
}

/// A server with a certificate for this name, from an authority of its own, whose root is written to the file.
fn server(name: &str, root: &Path) -> u16 {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(root, authority.self_signed(&authority_key).unwrap().pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();

    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, mut connection) = (socket.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
            let mut stream = Stream::new(&mut connection, &mut socket);
            // A client that refuses the certificate goes away.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nsecret");
            }
        }
    });
    port
}

fn fetched(port: u16, root: Option<&Path>, folder: &Path) -> String {
    let report = folder.join("report");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact"]).env("WHARF_TEST_URL", format!("https://localhost:{port}/"));
    command.env("WHARF_TEST_REPORT", &report).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    if let Some(root) = root {
        command.env("SSL_CERT_FILE", root);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    fs::read_to_string(report).unwrap()
}

#[test]
fn only_a_trusted_certificate_of_the_right_name_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (root, other) = (folder.path().join("root.pem"), folder.path().join("other.pem"));
    let port = server("localhost", &root);
    assert_eq!(fetched(port, Some(&root), folder.path()), "secret");
    let wrong_name = server("other.example", &other);
    for (port, root) in [(port, None), (port, Some(other.as_path())), (wrong_name, Some(other.as_path()))] {
        let outcome = fetched(port, root, folder.path());
        assert!(outcome.contains("failed: ") && outcome.contains("certificate"), "{outcome}");
    }
}
