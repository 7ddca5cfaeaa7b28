//! The turn of one Region: when it begins, and how much of the time of all it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::guard::budget::{Budget, Late};

/// Regions that are read at the same time.
pub(super) const REGIONS_AT_ONCE: usize = 4;

/// Turn of one Region: it waits for its place, and for memory.
#[derive(Debug)]
pub(super) struct Turn {
    /// Time of all Regions.
    stage: Budget,
    /// Regions that wait.
    waiting: Arc<AtomicUsize>,
    /// Part of these that it is itself: 1 until it has begun.
    own: usize,
}

impl Turn {
    /// Takes the turn of one of those that wait.
    pub(super) fn new(stage: &Budget, waiting: &Arc<AtomicUsize>) -> Self {
        Self { stage: stage.clone(), waiting: Arc::clone(waiting), own: 1 }
    }

    /// Returns the time of all Regions.
    pub(super) const fn stage(&self) -> &Budget {
        &self.stage
    }

    fn others(&self) -> usize {
        self.waiting.load(Ordering::Relaxed).saturating_sub(self.own)
    }

    /// Returns its share of the time now: those that wait need as much again for each few of them.
    pub(super) fn share(&self) -> Budget {
        self.stage.first_of(1 + self.others().div_ceil(REGIONS_AT_ONCE))
    }

    /// Returns the time of the first of so many parts that it has still to do: of its share, or of what is left
    /// for all once no other waits.
    pub(super) fn rest(&self, share: &Budget, parts: usize) -> Budget {
        let of = if self.others() == 0 { &self.stage } else { share };
        of.first_of(parts)
    }

    /// Does some work in so many percent of the first of so many parts of a share, or of what is left for all
    /// once no other waits.
    pub(super) async fn run<T>(
        &self,
        share: &Budget,
        parts: usize,
        percent: u32,
        work: impl Future<Output = T>,
    ) -> Result<T, Late> {
        // Boxed: the calls of a Region are much to move about.
        let mut work = Box::pin(work);
        match share.first_of(parts).percent(percent).run(&mut work).await {
            Err(Late) if self.others() == 0 => {
                self.stage.first_of(parts).percent(percent).run(&mut work).await
            }
            done => done,
        }
    }

    /// Waits no longer.
    pub(super) fn begin(&mut self) {
        self.waiting.fetch_sub(std::mem::take(&mut self.own), Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.begin();
    }
}
