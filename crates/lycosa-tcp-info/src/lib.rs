//! What the kernel knows of a TCP connection: its round-trip time and what it had to send again.
//!
//! One system call, `getsockopt(TCP_INFO)` on Linux; nothing elsewhere. It is a crate of its own because the call
//! needs unsafe code, which the library forbids itself. Everything else that `TCP_INFO` tells is left out.

use std::time::Duration;

/// What the kernel measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The smoothed round-trip time, to the microsecond.
    pub rtt: Duration,
    /// Segments sent again since the connection was opened.
    pub retransmits: u32,
}

#[cfg(target_os = "linux")]
pub use linux::tcp_info;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::tcp_info;

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsFd, AsRawFd as _};
    use std::time::Duration;

    use super::TcpInfo;

    /// Asks the kernel about a connected TCP socket; nothing when it does not answer.
    pub fn tcp_info(socket: impl AsFd) -> Option<TcpInfo> {
        let mut info = std::mem::MaybeUninit::<libc::tcp_info>::zeroed();
        let size = size_of::<libc::tcp_info>();
        let mut length = libc::socklen_t::try_from(size).ok()?;
        // SAFETY: the descriptor is borrowed and therefore open; the kernel writes at most `length` bytes to a
        // buffer of that size.
        let answer = unsafe {
            libc::getsockopt(
                socket.as_fd().as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                info.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if answer != 0 {
            return None;
        }
        // SAFETY: the struct is plain numbers, and what an older kernel did not write is zero.
        let info = unsafe { info.assume_init() };
        Some(TcpInfo {
            rtt: Duration::from_micros(u64::from(info.tcpi_rtt)),
            retransmits: info.tcpi_total_retrans,
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::TcpInfo;

    /// Nothing is known here.
    pub fn tcp_info<S>(_socket: S) -> Option<TcpInfo> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream, UdpSocket};

    #[test]
    fn a_connection_that_was_used_has_a_round_trip_time() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut client = TcpStream::connect(listener.local_addr()?)?;
        let (mut server, _) = listener.accept()?;
        client.write_all(b"ping")?;
        server.read_exact(&mut [0; 4])?;
        let info = super::tcp_info(&client).ok_or(std::io::ErrorKind::Other)?;
        assert!(!info.rtt.is_zero());
        assert_eq!(info.retransmits, 0);
        Ok(())
    }

    #[test]
    fn a_socket_that_is_not_tcp_tells_nothing() -> std::io::Result<()> {
        assert_eq!(super::tcp_info(&UdpSocket::bind("127.0.0.1:0")?), None);
        Ok(())
    }
}
