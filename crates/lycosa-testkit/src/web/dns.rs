//! A name server for one web: `A` for its hosts, nothing else for them, no such name for all others. UDP, one question
//! a packet, as resolvers ask.

use super::Web;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest question that is read; longer ones are not answered.
const QUESTION_LIMIT: usize = 512;
/// How often the thread looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(20);
/// Seconds for which an answer is valid.
const TIME_TO_LIVE: u32 = 300;

/// A running name server. Stops when dropped.
#[derive(Debug)]
pub struct NameServer {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Starts the name server of a web on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(web: Web) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port on 127.0.0.1");
        socket.set_read_timeout(Some(LOOK)).expect("a timeout above zero");
        let addr = socket.local_addr().expect("a bound socket");
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name(format!("names {addr}"))
            .spawn(move || serve(&web, &socket, &stopped))
            .expect("a thread");
        Self { addr, stop, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let joined = thread.join();
            assert!(joined.is_ok() || std::thread::panicking(), "the name server panicked");
        }
    }
}

fn serve(web: &Web, socket: &UdpSocket, stopped: &AtomicBool) {
    let mut packet = [0; QUESTION_LIMIT];
    while !stopped.load(Ordering::Relaxed) {
        match socket.recv_from(&mut packet) {
            Ok((length, from)) => {
                if let Some(reply) = reply(web, &packet[..length]) {
                    // A resolver that went away asks again, or does not.
                    let _ = socket.send_to(&reply, from);
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(_) => std::thread::sleep(LOOK),
        }
    }
}

/// The answer to a packet; `None` when it is no question.
fn reply(web: &Web, packet: &[u8]) -> Option<Vec<u8>> {
    let (name, end) = name_at(packet, 12)?;
    let question = packet.get(12..end + 4)?;
    let is_question = packet[2] & 0x80 == 0;
    if !is_question {
        return None;
    }
    let kind = u16::from_be_bytes([packet[end], packet[end + 1]]);
    let host = web.host_named(&name);
    let address = host.filter(|_| kind == 1).map(|host| web.address(host));
    let no_such_name = if host.is_none() { 3 } else { 0 };
    let mut reply = packet[..2].to_vec();
    // An answer, authoritative, recursion as asked for and available.
    reply.extend([0x84 | (packet[2] & 1), 0x80 | no_such_name, 0, 1, 0, u8::from(address.is_some())]);
    reply.extend([0, 0, 0, 0]);
    reply.extend(question);
    if let Some(address) = address {
        reply.extend([0xc0, 12, 0, 1, 0, 1]);
        reply.extend(TIME_TO_LIVE.to_be_bytes());
        reply.extend([0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}

/// The name at a place of a packet, and the place after it. No pointers: questions have none.
fn name_at(packet: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        match length {
            0 => return Some((labels.join("."), at)),
            1..=63 => {
                labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).into_owned());
                at += length;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::Settings;

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut packet = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            packet.push(label.len() as u8);
            packet.extend(label.as_bytes());
        }
        packet.extend([0, 0, kind, 0, 1]);
        packet
    }

    #[test]
    fn a_host_has_its_address_and_no_other_name_has_one() {
        let web = Web::new(Settings::default());
        let reply_to = |name: &str, kind| reply(&web, &question(name, kind)).unwrap();
        let found = reply_to(&web.name(3).to_uppercase(), 1);
        assert_eq!((&found[..2], found[3] & 15, found[7]), (&[7, 9][..], 0, 1));
        assert!(found.ends_with(&web.address(3).octets()));
        let sixth = reply_to(&web.name(3), 28);
        assert_eq!((sixth[3] & 15, sixth[7]), (0, 0));
        assert_eq!(reply_to("example.com", 1)[3] & 15, 3);
    }

    #[test]
    fn damaged_packets_are_not_answered() {
        let web = Web::new(Settings::default());
        let whole = question(&web.name(0), 1);
        for length in 0..whole.len() {
            assert_eq!(reply(&web, &whole[..length]), None, "{length}");
        }
        let mut pointer = whole.clone();
        pointer[12] = 0xc0;
        assert_eq!(reply(&web, &pointer), None);
    }
}
