//! TLS: the configuration and one handshake. rustls is not seen outside this folder.
//!
//! The provider is always passed by hand: with two of them compiled in, rustls's own choice panics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, HandshakeKind, InvalidMessage, ProtocolVersion,
    RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{HttpVersion, TlsOptions};
use crate::error::{Error, ErrorKind, Phase, Result};
use crate::model::SessionId;

/// Sessions whose TLS tickets are kept; with one more all are forgotten, which costs whole handshakes only.
const MOST_SESSIONS: usize = 256;
/// Servers whose tickets one session keeps.
const MOST_SERVERS: usize = 256;

/// A connector for each session, so that no session resumes what another began: a ticket would tell the server
/// that the two are one.
pub(super) struct Connectors {
    config: ClientConfig,
    known: Mutex<HashMap<SessionId, TlsConnector>>,
}

impl Connectors {
    pub(super) fn new(options: &TlsOptions, http: HttpVersion) -> Result<Self> {
        Ok(Self { config: config(options, http)?, known: Mutex::default() })
    }

    pub(super) fn forget(&self, session: SessionId) {
        self.lock().remove(&session);
    }

    pub(super) fn of(&self, session: SessionId) -> TlsConnector {
        let mut known = self.lock();
        if known.len() >= MOST_SESSIONS && !known.contains_key(&session) {
            known.clear();
        }
        let fresh = || {
            let mut config = self.config.clone();
            config.resumption = Resumption::in_memory_sessions(MOST_SERVERS);
            TlsConnector::from(Arc::new(config))
        };
        known.entry(session).or_insert_with(fresh).clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, TlsConnector>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the connections of a client have in common.
fn config(options: &TlsOptions, http: HttpVersion) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::new(ErrorKind::Internal, "no TLS version is usable").with_source(cause))?;
    let mut config = if options.insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TrustAnyone(provider)))
            .with_no_client_auth()
    } else {
        builder.with_root_certificates(roots(&options.extra_roots)?).with_no_client_auth()
    };
    config.alpn_protocols = http.offers().split(',').map(|name| name.as_bytes().to_vec()).collect();
    Ok(config)
}

fn roots(extra: &[u8]) -> Result<RootCertStore> {
    let mut store = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if extra.is_empty() {
        return Ok(store);
    }
    let bad = |what: &str| {
        Error::new(ErrorKind::Config, format!("the extra CA certificates {what}"))
            .with_hint("give a PEM file with blocks that begin with -----BEGIN CERTIFICATE-----")
    };
    let mut added = 0;
    for certificate in CertificateDer::pem_slice_iter(extra) {
        let certificate = certificate.map_err(|cause| bad("are not PEM").with_source(cause))?;
        store.add(certificate).map_err(|cause| bad("cannot be used").with_source(cause))?;
        added += 1;
    }
    if added == 0 { Err(bad("hold no certificate")) } else { Ok(store) }
}

/// Shakes hands with the server of this name (a host as in URLs: IPv6 in brackets).
pub(super) async fn handshake(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let name = ServerName::try_from(bare.to_owned()).map_err(|cause| {
        Error::new(ErrorKind::Tls, format!("{host} cannot be the name in a certificate"))
            .in_phase(Phase::Tls)
            .with_source(cause)
    })?;
    connector.connect(name, stream).await.map_err(failed)
}

fn failed(cause: std::io::Error) -> Error {
    let wrong = |message: &str| Error::new(ErrorKind::Tls, message).in_phase(Phase::Tls);
    let by_rustls = cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match by_rustls {
        Some(rustls::Error::InvalidCertificate(why)) => {
            let error = wrong(&format!("the TLS handshake failed: {}", in_words(why)));
            error.with_hint("trust its CA with --cacert FILE, or accept any certificate with -k")
        }
        // Its first bytes are none of a TLS record: plain HTTP, most likely.
        Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            wrong("the server does not speak TLS on this port")
                .with_hint("try http:// instead, or another port")
        }
        _ => wrong("the TLS handshake failed").with_source(cause),
    }
}

/// Why a certificate was not accepted. What rustls knows only as another library's error has no words for people.
fn in_words(why: &CertificateError) -> String {
    let text = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet"
        }
        CertificateError::UnknownIssuer => "nobody who is trusted has signed its certificate",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host name"
        }
        CertificateError::Revoked => "its certificate was revoked",
        CertificateError::BadEncoding => "its certificate cannot be read",
        CertificateError::BadSignature => "the signature of its certificate is wrong",
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is that of a certificate authority, which no server may show as its own"
        }
        CertificateError::Other(_) => "its certificate cannot be accepted",
        other => return format!("its certificate cannot be accepted ({other})"),
    };
    text.to_owned()
}

/// What a finished handshake came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handshake {
    /// The protocol chosen by ALPN.
    pub(super) alpn: Option<&'static str>,
    /// The TLS version.
    pub(super) version: Option<&'static str>,
    /// Whether an earlier session was taken up again.
    pub(super) resumed: bool,
}

impl Handshake {
    pub(super) fn of(stream: &TlsStream<TcpStream>) -> Self {
        let session = stream.get_ref().1;
        let alpn = match session.alpn_protocol() {
            Some(b"h2") => Some("h2"),
            Some(b"http/1.1") => Some("http/1.1"),
            // rustls refuses a choice that was not offered.
            _ => None,
        };
        let version = match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => Some("TLSv1.3"),
            Some(ProtocolVersion::TLSv1_2) => Some("TLSv1.2"),
            _ => None,
        };
        let resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        Self { alpn, version, resumed }
    }
}

/// `-k`: accepts any certificate, but still checks that the peer holds the key of the one it shows.
#[derive(Debug)]
struct TrustAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
