//! A body that is copied while it is read. Only one that was read to its end is kept; one that was dropped, broke
//! off or grew too long leaves nothing.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::error::Result;
use crate::model::{Body, BodyStream, BoxFuture};

/// What is done with a whole copy.
pub(super) type Copied = Box<dyn FnOnce(Vec<Bytes>) -> BoxFuture<'static, ()> + Send>;

/// The stream and its copy. The pieces are shared, not doubled.
pub(super) struct Tee {
    inner: Body,
    /// Pieces read ahead and not yet given out.
    ahead: VecDeque<Bytes>,
    copy: Vec<Bytes>,
    copied: usize,
    most: usize,
    /// Taken when the copy is kept or given up.
    keep: Option<Copied>,
}

impl Tee {
    pub(super) fn new(inner: Body, most: usize, keep: Copied) -> Self {
        Self { inner, ahead: VecDeque::new(), copy: Vec::new(), copied: 0, most, keep: Some(keep) }
    }

    /// Reads about so many bytes now: for those whose reader may not care for the body.
    pub(super) async fn read_ahead(&mut self, bytes: usize) {
        let mut read = 0;
        while read < bytes
            && let Ok(Some(piece)) = self.pull().await
        {
            read += piece.len();
            self.ahead.push_back(piece);
        }
    }

    async fn pull(&mut self) -> Result<Option<Bytes>> {
        match self.inner.chunk().await {
            Ok(Some(piece)) => {
                self.copied += piece.len();
                if self.copied > self.most {
                    self.give_up();
                } else if self.keep.is_some() {
                    self.copy.push(piece.clone());
                }
                Ok(Some(piece))
            }
            Ok(None) => {
                if let Some(keep) = self.keep.take() {
                    keep(std::mem::take(&mut self.copy)).await;
                }
                Ok(None)
            }
            Err(error) => {
                self.give_up();
                Err(error)
            }
        }
    }

    fn give_up(&mut self) {
        self.keep = None;
        self.copy = Vec::new();
    }
}

impl BodyStream for Tee {
    fn chunk(&mut self) -> BoxFuture<'_, Result<Option<Bytes>>> {
        Box::pin(async move {
            match self.ahead.pop_front() {
                Some(piece) => Ok(Some(piece)),
                None => self.pull().await,
            }
        })
    }

    fn wire_bytes(&self) -> u64 {
        self.inner.wire_bytes()
    }
}
