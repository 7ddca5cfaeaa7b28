//! The memory of a run for series, shared out: a Region begins once its series fit beside those that are held,
//! and what does not fit is refused by name before the platform ends the run.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::aws::Caller;

/// Share of the memory of a run that series may take. Programs, pages and decisions take the rest.
const OF_SERIES: u64 = 2;

/// Bytes of a piece, the unit in which memory is shared out.
const PIECE: usize = 1024;

/// Memory for the series of a run.
#[derive(Clone, Debug)]
pub(super) struct SeriesMemory {
    free: Arc<Semaphore>,
    pieces: u32,
    caller: Caller,
}

/// Part of the memory that one Region has until it is dropped.
#[derive(Debug)]
pub(super) struct MemoryShare {
    memory: SeriesMemory,
    held: OwnedSemaphorePermit,
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
    /// Builds the memory of a run that may take so many bytes.
    pub(super) fn of(memory: u64, caller: Caller) -> Self {
        let pieces = memory / OF_SERIES / 1024;
        let pieces = u32::try_from(pieces).unwrap_or(u32::MAX >> 4).clamp(1, u32::MAX >> 4);
        let free = Semaphore::new(usize::try_from(pieces).unwrap_or(Semaphore::MAX_PERMITS));
        Self { free: Arc::new(free), pieces, caller }
    }

    /// Waits until so many bytes are free, or all where there are never so many, and holds them.
    pub(super) async fn share(&self, bytes: usize) -> Option<MemoryShare> {
        let pieces = pieces(bytes).min(self.pieces);
        let held = Arc::clone(&self.free).acquire_many_owned(pieces).await.ok()?;
        let left = usize::try_from(pieces).unwrap_or_default() * PIECE;
        Some(MemoryShare { memory: self.clone(), held, left })
    }
}

impl MemoryShare {
    /// Takes so many bytes, of what is held and else of what is free.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Full> {
        if let Some(left) = self.left.checked_sub(bytes) {
            self.left = left;
            return Ok(());
        }
        let more = pieces(bytes - self.left);
        let free = Arc::clone(&self.memory.free);
        let more = free.try_acquire_many_owned(more).map_err(|_| Full(self.memory.caller))?;
        self.left = self.left + more.num_permits() * PIECE - bytes;
        self.held.merge(more);
        Ok(())
    }
}

/// Counts the pieces that so many bytes take.
fn pieces(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_dropped_is_free_again_and_no_more_is_taken_than_there_is() {
        let memory = SeriesMemory::of(2 * 100 * 1024, Caller::Lambda);
        let mut first = memory.share(60 * 1024).await.unwrap();
        let other = memory.clone();
        let waits = tokio::spawn(async move { other.share(70 * 1024).await });
        for _ in 0..9 {
            tokio::task::yield_now().await;
        }
        assert!(!waits.is_finished());
        assert_eq!(first.take(60 * 1024), Ok(()));
        // Somebody waits for what is free, and goes first.
        let refused = first.take(1).unwrap_err();
        assert!(refused.to_string().contains("MemorySize"));
        drop(first);
        let mut second = waits.await.unwrap().unwrap();
        assert_eq!(second.take(100 * 1024), Ok(()));
        assert_eq!(second.take(1), Err(Full(Caller::Lambda)));
        drop(second);
        // Whoever wants more than there ever is has all of it.
        let mut all = memory.share(usize::MAX).await.unwrap();
        assert_eq!(all.take(100 * 1024), Ok(()));
        assert_eq!(all.take(1), Err(Full(Caller::Lambda)));
    }
}
