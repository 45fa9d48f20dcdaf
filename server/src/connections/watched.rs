//! A socket on which is seen what its connection waits for. For `connections` alone.
//!
//! It also gives hyper's own refusals our shape: what is no request at all, has too many headers or too long ones never
//! reaches a layer, and hyper answers it with a bare status.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::places::{Phase, Pulse};
use crate::layers::errors;

/// Whoever is refused may go on sending so much and still sees why.
const READ_AT_MOST: usize = 8 * 1024 * 1024;

/// The socket of one connection.
#[derive(Debug)]
pub struct Watched {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    /// What we say in hyper's place, and how much of it is sent.
    refusal: Option<(Vec<u8>, usize)>,
    /// What was thrown away after a refusal.
    unread: usize,
}

impl Watched {
    /// This one.
    pub fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse, refusal: None, unread: 0 }
    }

    /// Whether hyper is refusing what it could not read; no request has reached us then.
    fn refuse(&mut self, written: &[u8]) -> bool {
        if matches!(self.pulse.phase(), Phase::Idle | Phase::Head)
            && let Some(status) = written.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3))
            && let Ok(status) = StatusCode::from_bytes(status)
            && status.is_client_error()
        {
            self.refusal = Some((errors::unread(status), 0));
            self.pulse.enter(Phase::Refused);
        }
        self.refusal.is_some()
    }

    fn poll_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((text, sent)) = &mut self.refusal
            && let Some(rest @ [_, ..]) = text.get(*sent..)
        {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => *sent += written,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// A connection that is closed on what a client still sends is reset, and the client never sees the answer.
    fn poll_unread(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [0; 4096];
        while self.unread < READ_AT_MOST {
            let mut read = ReadBuf::new(&mut scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
            match read.filled().len() {
                0 => break,
                length => self.unread += length,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn wrote(&self, length: usize) {
        if length > 0 && self.pulse.phase() == Phase::Answer {
            self.pulse.enter(Phase::Answer);
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && self.pulse.phase() == Phase::Idle {
            self.pulse.enter(Phase::Head);
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.refuse(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = bufs.iter().find(|buf| !buf.is_empty());
        if first.is_some_and(|first| self.refuse(first)) {
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs))?;
        self.wrote(written);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.pulse.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(cx))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.refusal.is_some() { self.poll_unread(cx) } else { Poll::Ready(Ok(())) }
    }
}
