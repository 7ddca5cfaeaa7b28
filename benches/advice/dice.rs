//! Numbers that look random and are the same on every run.

use std::f64::consts::TAU;

/// `SplitMix64`.
pub(crate) struct Dice(u64);

impl Dice {
    /// Starts dice for a case of a study, which no other case has.
    pub(crate) fn new(study: &str, case: u64) -> Self {
        // FNV-1a.
        let seed = study.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut dice = Self::seeded(seed);
        Self(dice.roll() ^ case.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// Starts dice from a seed.
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Draws a whole number from `least` to `most`.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.roll() % (most - least + 1)
    }

    /// Draws a number above 0 and up to 1.
    pub(crate) fn share(&mut self) -> f64 {
        ((self.roll() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    /// Draws a number from the normal distribution of mean 0 and deviation 1, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * self.share().ln()).sqrt();
        radius * (TAU * self.share()).cos()
    }

    /// Draws a number of at least 1 from the Pareto distribution of tail index `alpha`.
    pub(crate) fn pareto(&mut self, alpha: f64) -> f64 {
        self.share().powf(-1.0 / alpha)
    }
}
