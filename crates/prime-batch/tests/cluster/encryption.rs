//! Encrypted connections.

use prime_batch::ledger::{LedgerError, PostgresLedger};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::database::{Server, hand_over};

#[tokio::test]
async fn the_certificate_of_the_server_is_verified() {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();

    let mut root = std::env::temp_dir();
    root.push(format!("prime-batch-{}-root.pem", std::process::id()));
    std::fs::write(&root, authority).unwrap();
    let server = Server::start_with(|folder| {
        let mut options = vec!["-c".to_owned(), "ssl=on".to_owned()];
        for (option, name, contents) in [
            ("ssl_cert_file", "server.crt", certificate.pem()),
            ("ssl_key_file", "server.key", key.serialize_pem()),
        ] {
            let path = folder.join(name);
            std::fs::write(&path, contents).unwrap();
            hand_over(&path);
            options.extend(["-c".to_owned(), format!("{option}={}", path.display())]);
        }
        options
    });
    let Some(server) = server else { return };
    let url = server
        .database("encrypted")
        .replace("127.0.0.1", "localhost");
    let trusted = format!("sslrootcert={}", root.display());
    PostgresLedger::connect(&format!("{url}?sslmode=require&{trusted}"))
        .await
        .unwrap();
    PostgresLedger::connect(&format!("{url}?sslmode=disable"))
        .await
        .unwrap();
    // Another authority, and another name.
    for url in [
        format!("{url}?sslmode=require"),
        format!(
            "{}?sslmode=require&{trusted}",
            url.replace("localhost", "127.0.0.1")
        ),
    ] {
        let error = PostgresLedger::connect(&url).await.unwrap_err();
        assert!(matches!(error, LedgerError::Failed { .. }), "{error}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    std::fs::remove_file(root).unwrap();
}
