//! A TLS front before a server of the test kit, which speaks none: it decrypts and passes on.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use lycosa_testkit::Server;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::command::Bench;

/// A running front. Its runtime ends with it, and every connection with that.
#[derive(Debug)]
pub(crate) struct TlsFront {
    address: SocketAddr,
    /// The PEM file of the certificate.
    pub(crate) certificate: PathBuf,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    /// A front for 127.0.0.1 on a free port, with a fresh certificate of its own.
    pub(crate) fn before(server: &Server, bench: &Bench) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let certificate = bench.write("certificate.pem", &made.cert.pem());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a key that fits");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a free port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(accept(listener, acceptor, server.addr()));
        Self { address, certificate, _runtime: runtime }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, behind: SocketAddr) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // A client that refuses the certificate ends here, which is what some stories are about.
            let Ok(mut outer) = acceptor.accept(stream).await else { return };
            let Ok(mut inner) = TcpStream::connect(behind).await else { return };
            let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
        });
    }
}
