//! Sums of the steps of a series in little memory: at four bytes a step where none is above four thousand
//! million, else at eight, or at twelve a point where that is less. A lane that is called twice a month takes
//! a hundredth of one that is always called.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of a step where all are held, and one is high.
const OF_STEP: usize = size_of::<Option<Packed>>();

/// Bytes of a step where all are held, and none is high.
const OF_LOW_STEP: usize = size_of::<Option<PackedLow>>();

/// Bytes of a point where points alone are held: its index and its sum.
const OF_POINT: usize = size_of::<u32>() + size_of::<u64>();

/// A count that takes eight bytes also where there may be none: it is kept one higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed(NonZeroU64);

impl Packed {
    // The highest of all counts is no count of CloudWatch's, nor is the one below.
    fn new(count: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(count))
    }

    const fn get(self) -> u64 {
        self.0.get() - 1
    }
}

/// A count that is not high in four bytes, kept one higher too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PackedLow(NonZeroU32);

impl PackedLow {
    /// Packs a count; `None` where it is too high.
    fn new(count: u64) -> Option<Self> {
        let count = u32::try_from(count).ok()?;
        count.checked_add(1).and_then(NonZeroU32::new).map(Self)
    }

    fn get(self) -> u64 {
        u64::from(self.0.get() - 1)
    }
}

/// Sums of steps in a row, each `None` where there was no point. A clone shares them.
#[derive(Clone, PartialEq, Eq)]
pub struct Sums {
    steps: usize,
    held: Held,
}

// Which one it is hangs on the points alone, so that equal sums are held alike.
#[derive(Clone, PartialEq, Eq)]
enum Held {
    Dense(Arc<[Option<Packed>]>),
    Low(Arc<[Option<PackedLow>]>),
    Sparse { places: Arc<[u32]>, counts: Arc<[u64]> },
}

/// Sums that are still being read, in any order.
#[derive(Clone, Debug)]
pub struct SumsBuilder(Vec<Option<Packed>>);

impl SumsBuilder {
    /// Returns so many steps without a point.
    #[must_use]
    pub fn none(steps: usize) -> Self {
        Self(vec![None; steps])
    }

    /// Returns the sum of a step; `None` without a point, or beyond the last step.
    #[must_use]
    pub fn get(&self, step: usize) -> Option<u64> {
        self.0.get(step).copied().flatten().map(Packed::get)
    }

    /// Sets the sum of a step; what is beyond the last step is left out.
    pub fn set(&mut self, step: usize, sum: u64) {
        if let Some(held) = self.0.get_mut(step) {
            *held = Some(Packed::new(sum));
        }
    }

    /// Returns the sums, held in the smallest way.
    #[must_use]
    pub fn finish(self) -> Sums {
        let steps = self.0.len();
        let points = self.0.iter().flatten().count();
        let is_low = self.0.iter().flatten().all(|sum| PackedLow::new(sum.get()).is_some());
        let of_step = if is_low { OF_LOW_STEP } else { OF_STEP };
        let is_sparse = points * OF_POINT < steps * of_step && u32::try_from(steps).is_ok();
        let held = if is_sparse {
            let points = (0..).zip(&self.0).filter_map(|(place, sum)| Some((place, (*sum)?.get())));
            let (places, counts): (Vec<u32>, Vec<u64>) = points.unzip();
            Held::Sparse { places: places.into(), counts: counts.into() }
        } else if is_low {
            let low = |sum: &Option<Packed>| sum.and_then(|sum| PackedLow::new(sum.get()));
            Held::Low(self.0.iter().map(low).collect())
        } else {
            Held::Dense(self.0.into())
        };
        Sums { steps, held }
    }
}

impl Sums {
    /// Returns the number of steps.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.steps
    }

    /// Returns the bytes that the sums take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.held {
            Held::Dense(sums) => sums.len() * OF_STEP,
            Held::Low(sums) => sums.len() * OF_LOW_STEP,
            Held::Sparse { places, .. } => places.len() * OF_POINT,
        }
    }

    /// Returns true if there is not one step.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps == 0
    }

    /// Returns true if any step has a point.
    #[must_use]
    pub fn has_points(&self) -> bool {
        self.points().next().is_some()
    }

    /// Returns the sums in order, one for each step.
    #[must_use]
    pub fn iter(&self) -> SumsIter<'_> {
        self.iter_from(0)
    }

    /// Returns the sums from a step on.
    #[must_use]
    pub fn iter_from(&self, step: usize) -> SumsIter<'_> {
        let step = step.min(self.steps);
        match &self.held {
            Held::Dense(sums) => {
                SumsIter(Steps::Dense(sums.get(step..).unwrap_or_default().iter()))
            }
            Held::Low(sums) => SumsIter(Steps::Low(sums.get(step..).unwrap_or_default().iter())),
            Held::Sparse { places, counts } => {
                let before = places.partition_point(|place| at(*place) < step);
                SumsIter(Steps::Sparse {
                    left: step..self.steps,
                    places: places.get(before..).unwrap_or_default(),
                    counts: counts.get(before..).unwrap_or_default(),
                })
            }
        }
    }

    /// Returns the points in order, each with its step.
    pub fn points(&self) -> impl Iterator<Item = (usize, u64)> {
        let (dense, low, places, counts) = match &self.held {
            Held::Dense(sums) => (&sums[..], &[][..], &[][..], &[][..]),
            Held::Low(sums) => (&[][..], &sums[..], &[][..], &[][..]),
            Held::Sparse { places, counts } => (&[][..], &[][..], &places[..], &counts[..]),
        };
        let dense = dense.iter().enumerate();
        let dense = dense.filter_map(|(place, sum)| Some((place, (*sum)?.get())));
        let low = low.iter().enumerate();
        let low = low.filter_map(|(place, sum)| Some((place, (*sum)?.get())));
        let sparse = places.iter().map(|place| at(*place)).zip(counts.iter().copied());
        dense.chain(low).chain(sparse)
    }
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Sums in order, one for each step.
#[derive(Clone, Debug)]
pub struct SumsIter<'s>(Steps<'s>);

#[derive(Clone, Debug)]
enum Steps<'s> {
    Dense(std::slice::Iter<'s, Option<Packed>>),
    Low(std::slice::Iter<'s, Option<PackedLow>>),
    Sparse { left: std::ops::Range<usize>, places: &'s [u32], counts: &'s [u64] },
}

impl Iterator for SumsIter<'_> {
    type Item = Option<u64>;

    fn next(&mut self) -> Option<Option<u64>> {
        match &mut self.0 {
            Steps::Dense(sums) => sums.next().map(|sum| sum.map(Packed::get)),
            Steps::Low(sums) => sums.next().map(|sum| sum.map(PackedLow::get)),
            Steps::Sparse { left, places, counts } => {
                let step = left.next()?;
                match (*places, *counts) {
                    ([place, later @ ..], [count, more @ ..]) if at(*place) == step => {
                        let count = *count;
                        (*places, *counts) = (later, more);
                        Some(Some(count))
                    }
                    _ => Some(None),
                }
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.0 {
            Steps::Dense(sums) => sums.len(),
            Steps::Low(sums) => sums.len(),
            Steps::Sparse { left, .. } => left.len(),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for SumsIter<'_> {}

impl<'s> IntoIterator for &'s Sums {
    type Item = Option<u64>;
    type IntoIter = SumsIter<'s>;

    fn into_iter(self) -> SumsIter<'s> {
        self.iter()
    }
}

impl FromIterator<Option<u64>> for Sums {
    fn from_iter<I: IntoIterator<Item = Option<u64>>>(sums: I) -> Self {
        SumsBuilder(sums.into_iter().map(|sum| sum.map(Packed::new)).collect()).finish()
    }
}

impl From<Vec<Option<u64>>> for Sums {
    fn from(sums: Vec<Option<u64>>) -> Self {
        sums.into_iter().collect()
    }
}

impl fmt::Debug for Sums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Sums;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sums, A::Error> {
                let mut sums =
                    SumsBuilder(Vec::with_capacity(list.size_hint().unwrap_or_default()));
                while let Some(sum) = list.next_element::<Option<u64>>()? {
                    sums.0.push(sum.map(Packed::new));
                }
                Ok(sums.finish())
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whichever_way_sums_are_held_they_read_the_same(
            sums in proptest::collection::vec(proptest::option::weighted(0.5, 0u64..5), 0..40),
            thinned in 1usize..9, from in 0usize..45, above in proptest::sample::select(vec![
                0, u64::from(u32::MAX) - 2, u64::MAX / 2,
            ]),
        ) {
            let sums: Vec<Option<u64>> = sums.into_iter().enumerate()
                .map(|(place, sum)| sum.filter(|_| place % thinned == 0).map(|sum| sum + above)).collect();
            let held = Sums::from(sums.clone());
            prop_assert_eq!(held.len(), sums.len());
            prop_assert_eq!(held.iter().collect::<Vec<_>>(), sums.clone());
            let tail = sums.get(from..).unwrap_or_default();
            prop_assert_eq!(held.iter_from(from).len(), tail.len());
            prop_assert_eq!(held.iter_from(from).collect::<Vec<_>>(), tail);
            let points: Vec<(usize, u64)> = sums.iter().enumerate()
                .filter_map(|(place, sum)| Some((place, (*sum)?))).collect();
            prop_assert_eq!(held.points().collect::<Vec<_>>(), points.clone());
            prop_assert_eq!(held.has_points(), !points.is_empty());
            // Read in any order, and from JSON, they are the same again.
            let mut read = SumsBuilder::none(sums.len());
            for (place, sum) in points.into_iter().rev() {
                prop_assert_eq!(read.get(place), None);
                read.set(place, sum);
                prop_assert_eq!(read.get(place), Some(sum));
            }
            prop_assert_eq!(&read.finish(), &held);
            let json = serde_json::to_string(&held).unwrap();
            prop_assert_eq!(&json, &serde_json::to_string(&sums).unwrap());
            prop_assert_eq!(serde_json::from_str::<Sums>(&json).unwrap(), held);
        }
    }

    #[test]
    fn a_step_takes_four_or_eight_bytes_and_few_points_take_twelve_each() {
        assert_eq!((OF_LOW_STEP, OF_STEP, OF_POINT), (4, 8, 12));
        let of = |sum: u64| Sums::from(vec![Some(sum); 1_000]).bytes();
        let highest = u64::from(u32::MAX);
        assert_eq!([of(0), of(highest - 1), of(highest)], [4_000, 4_000, 8_000]);
        let is_sparse = |sums: &Sums| matches!(sums.held, Held::Sparse { .. });
        let every = |each: usize| (0..1_000).map(|step| (step % each == 0).then_some(7)).collect();
        assert!(!is_sparse(&every(1)));
        assert!(!is_sparse(&every(2)));
        assert!(is_sparse(&every(4)));
        assert_eq!(every(4).bytes(), 3_000);
    }
}
