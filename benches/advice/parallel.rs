//! Cases of a study, spread over all processors; what comes of them is in their order.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, ScopedJoinHandle};

/// Counts the cases from 0 on in which something holds.
pub(crate) fn count(cases: u64, is_so: impl Fn(u64) -> bool + Sync) -> f64 {
    each(cases, is_so).into_iter().filter(|is_so| *is_so).count() as f64
}

/// Returns what comes of each case from 0 on.
pub(crate) fn each<T: Send>(cases: u64, outcome: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let case = next.fetch_add(1, Ordering::Relaxed);
            if case >= cases {
                return done;
            }
            done.push((case, outcome(case)));
        }
    };
    let mut all: Vec<(u64, T)> = thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ended = started.into_iter().map(ScopedJoinHandle::join);
        ended.flat_map(|done| done.expect("a case does not panic")).collect()
    });
    all.sort_by_key(|(case, _)| *case);
    all.into_iter().map(|(_, outcome)| outcome).collect()
}
