//! The memory of a run for series, shared out: a Region begins once its series fit beside those that are held,
//! and what does not fit is refused by name before the platform ends the run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::aws::Caller;

/// Bytes that the program, the pages that are read and the decisions take beside the series.
const BESIDE: u64 = 128 << 20;

/// Least bytes for series, in a function that has no more than those.
const LEAST: u64 = 16 << 20;

/// Bytes for series from which on a Region has several calls under way.
const AMPLE: usize = 128 << 20;

/// Returns the bytes that series may take of the memory of a program: two thirds of what is left beside itself.
#[must_use]
pub fn series_memory_of(memory: u64) -> u64 {
    (memory.saturating_sub(BESIDE) / 3 * 2).max(LEAST)
}

/// Memory for the series of a run.
#[derive(Clone, Debug)]
pub(super) struct SeriesMemory {
    free: Arc<Mutex<usize>>,
    freed: Arc<Notify>,
    all: usize,
    caller: Caller,
}

/// Part of the memory that one Region has until all of it is decided.
#[derive(Debug)]
pub(super) struct MemoryShare {
    memory: SeriesMemory,
    /// Bytes that it began with, which are its own to the end.
    first: usize,
    held: usize,
    /// Bytes of what is held that nothing takes yet.
    left: usize,
}

/// The error for a series that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it was not read, since it does not fit in memory: {}", match .0 {
    Caller::Lambda => "give the function more (`MemorySize`)",
    Caller::Terminal => "allow more with `--memory`",
})]
pub(super) struct Full(Caller);

impl SeriesMemory {
    /// Builds the memory of a run whose series may take so many bytes.
    pub(super) fn of(bytes: u64, caller: Caller) -> Self {
        let all = usize::try_from(bytes).unwrap_or(usize::MAX);
        Self { free: Arc::new(Mutex::new(all)), freed: Arc::default(), all, caller }
    }

    /// Returns the bytes that all series may take.
    pub(super) const fn bytes(&self) -> usize {
        self.all
    }

    fn free(&self) -> MutexGuard<'_, usize> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes so many bytes if they are free.
    fn take(&self, bytes: usize) -> bool {
        let mut free = self.free();
        let left = free.checked_sub(bytes);
        *free = left.unwrap_or(*free);
        left.is_some()
    }

    /// Waits until so many bytes are free, or all where there are never so many, and holds them.
    pub(super) async fn share(&self, bytes: usize) -> MemoryShare {
        let held = bytes.min(self.all);
        loop {
            let freed = self.freed.notified();
            tokio::pin!(freed);
            // Before it looks, so that nothing is freed unseen.
            freed.as_mut().enable();
            if self.take(held) {
                return MemoryShare { memory: self.clone(), first: held, held, left: held };
            }
            freed.await;
        }
    }
}

impl MemoryShare {
    /// Takes so many bytes, of what is held and else of what is free: those who wait come after.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Full> {
        let more = bytes.saturating_sub(self.left);
        if !self.memory.take(more) {
            return Err(Full(self.memory.caller));
        }
        self.held += more;
        self.left = self.left + more - bytes;
        Ok(())
    }

    /// Frees what is taken beyond so many bytes: for later, and for others what it did not begin with.
    pub(super) fn keep_only(&mut self, bytes: usize) {
        let held = self.held.min(self.first.max(bytes));
        self.free(self.held - held);
        self.held = held;
        self.left = held.saturating_sub(bytes);
    }

    fn free(&self, bytes: usize) {
        *self.memory.free() += bytes;
        self.memory.freed.notify_waiters();
    }

    /// Returns the points that one call may ask for: what is being read takes eight bytes for each, and some
    /// Regions have some calls under way.
    pub(super) fn points_at_once(&self) -> usize {
        (self.memory.all / 256).clamp(1, 1_000_000)
    }

    /// Returns the calls for points that a Region may have under way: one waits while another is answered, and
    /// CloudWatch counts points, not calls.
    pub(super) fn calls_at_once(&self) -> usize {
        if self.memory.all < AMPLE { 1 } else { 3 }
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.free(self.held);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_free_again_and_no_more_is_taken_than_there_is() {
        let memory = SeriesMemory::of(100, Caller::Lambda);
        let mut first = memory.share(60).await;
        let other = memory.clone();
        let waits = tokio::spawn(async move { other.share(70).await });
        for _ in 0..9 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished());
        // Whoever has begun goes before those who wait.
        assert_eq!(first.take(100), Ok(()));
        let refused = first.take(1).unwrap_err();
        assert!(refused.to_string().contains("MemorySize"));
        assert_eq!(first.take(0), Ok(()));
        // What it began with is its own, the rest is for others.
        first.keep_only(70);
        assert_eq!(first.take(30), Ok(()));
        first.keep_only(10);
        assert_eq!((*memory.free(), first.left), (40, 50));
        drop(first);
        let mut second = waits.await.unwrap();
        assert_eq!(second.take(100), Ok(()));
        assert_eq!(second.take(1), Err(Full(Caller::Lambda)));
        drop(second);
        // Whoever wants more than there ever is has all of it.
        let mut all = memory.share(usize::MAX).await;
        assert_eq!(all.take(100), Ok(()));
        assert_eq!(all.take(usize::MAX), Err(Full(Caller::Lambda)));
        drop(all);
        assert_eq!(*memory.free(), 100);
    }

    #[test]
    fn small_functions_have_some_memory_for_series_and_large_ones_most() {
        let of = |megabytes: u64| series_memory_of(megabytes << 20) >> 20;
        assert_eq!([of(128), of(256), of(512), of(10_240)], [16, 85, 256, 6_741]);
    }
}
