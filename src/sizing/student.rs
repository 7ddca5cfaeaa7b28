//! Quantiles of Student's t, for means of weekly savings.

/// 90 % quantile by degrees of freedom, from one on. Computed with 30 digits by inverting the
/// regularized incomplete beta function; a test integrates the density up to each. 63 entries serve
/// 64 weeks, the longest window.
const T90: [f64; 63] = [
    3.077_684, 1.885_618, 1.637_744, 1.533_206, 1.475_884, 1.439_756, 1.414_924, 1.396_815,
    1.383_029, 1.372_184, 1.363_43, 1.356_217, 1.350_171, 1.345_03, 1.340_606, 1.336_757,
    1.333_379, 1.330_391, 1.327_728, 1.325_341, 1.323_188, 1.321_237, 1.319_46, 1.317_836,
    1.316_345, 1.314_972, 1.313_703, 1.312_527, 1.311_434, 1.310_415, 1.309_464, 1.308_573,
    1.307_737, 1.306_952, 1.306_212, 1.305_514, 1.304_854, 1.304_23, 1.303_639, 1.303_077,
    1.302_543, 1.302_035, 1.301_552, 1.301_09, 1.300_649, 1.300_228, 1.299_825, 1.299_439,
    1.299_069, 1.298_714, 1.298_373, 1.298_045, 1.297_73, 1.297_426, 1.297_134, 1.296_853,
    1.296_581, 1.296_319, 1.296_066, 1.295_821, 1.295_585, 1.295_356, 1.295_134,
];

/// 95 % quantile by degrees of freedom, computed and tested likewise.
const T95: [f64; 63] = [
    6.313_752, 2.919_986, 2.353_363, 2.131_847, 2.015_048, 1.943_18, 1.894_579, 1.859_548,
    1.833_113, 1.812_461, 1.795_885, 1.782_288, 1.770_933, 1.761_31, 1.753_05, 1.745_884,
    1.739_607, 1.734_064, 1.729_133, 1.724_718, 1.720_743, 1.717_144, 1.713_872, 1.710_882,
    1.708_141, 1.705_618, 1.703_288, 1.701_131, 1.699_127, 1.697_261, 1.695_519, 1.693_889,
    1.692_36, 1.690_924, 1.689_572, 1.688_298, 1.687_094, 1.685_954, 1.684_875, 1.683_851,
    1.682_878, 1.681_952, 1.681_071, 1.680_23, 1.679_427, 1.678_66, 1.677_927, 1.677_224,
    1.676_551, 1.675_905, 1.675_285, 1.674_689, 1.674_116, 1.673_565, 1.673_034, 1.672_522,
    1.672_029, 1.671_553, 1.671_093, 1.670_649, 1.670_219, 1.669_804, 1.669_402,
];

/// Returns the 90 % quantile of t with so many degrees of freedom, from one on. Beyond 63 the last
/// entry, which is above the true value, is used.
pub(crate) fn t90(degrees: usize) -> f64 {
    at(&T90, degrees)
}

/// Returns the 95 % quantile of t likewise.
pub(crate) fn t95(degrees: usize) -> f64 {
    at(&T95, degrees)
}

/// Returns the value that t with so many degrees of freedom exceeds with a chance of `upper`, of at most
/// 5 %: by Newton's steps from the 95 % quantile on, which come ever closer from below.
pub(crate) fn exceeded(upper: f64, degrees: usize) -> f64 {
    let mut t = t95(degrees);
    for _ in 0..40 {
        let more = 1.0 - below(t, degrees) - upper;
        let step = more / density(t, degrees);
        t += step;
        if step.abs() < 1e-9 * t {
            break;
        }
    }
    t
}

/// Returns the density of t.
#[expect(clippy::cast_precision_loss, reason = "degrees are few")]
fn density(x: f64, degrees: usize) -> f64 {
    let n = degrees.max(1);
    // Γ((n+1)/2) / Γ(n/2) by the recurrence from n = 1 or 2.
    let pi = std::f64::consts::PI;
    let (mut ratio, first) = if n % 2 == 1 { (1.0 / pi.sqrt(), 1) } else { (pi.sqrt() / 2.0, 2) };
    for from in (first..n).step_by(2) {
        ratio *= (from as f64 + 1.0) / from as f64;
    }
    // (1 + x²/n)^((n+1)/2) by roots and products alone, which every machine rounds alike.
    let root = (1.0 + x * x / n as f64).sqrt();
    let mut power = 1.0;
    for _ in 0..=n {
        power *= root;
    }
    ratio / ((n as f64 * pi).sqrt() * power)
}

/// Returns the chance of less than `t`, by Simpson's rule over the density.
fn below(t: f64, degrees: usize) -> f64 {
    // Enough for a millionth at the quantiles in use: with few degrees the tail is long.
    let mut steps = 400_u32;
    while f64::from(steps) < 40.0 * t && steps < 100_000 {
        steps *= 2;
    }
    let width = t / f64::from(steps);
    let inner: f64 = (1..steps)
        .map(|k| density(width * f64::from(k), degrees) * if k % 2 == 1 { 4.0 } else { 2.0 })
        .sum();
    0.5 + width / 3.0 * (density(0.0, degrees) + inner + density(t, degrees))
}

fn at(table: &[f64; 63], degrees: usize) -> f64 {
    let place = degrees.clamp(1, table.len()) - 1;
    table.get(place).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_quantile_leaves_its_share_below() {
        for degrees in 1..=63 {
            assert!((below(t90(degrees), degrees) - 0.90).abs() < 2e-6, "{degrees}");
            assert!((below(t95(degrees), degrees) - 0.95).abs() < 2e-6, "{degrees}");
        }
    }

    #[test]
    fn smaller_chances_are_exceeded_by_more() {
        // From tables of the distribution.
        for (upper, degrees, expected) in [
            (0.05, 12, 1.782_288),
            (0.025, 12, 2.178_813),
            (0.01, 12, 2.680_998),
            (0.0125, 25, 2.384_637),
            (0.01, 1, 31.820_516),
            (0.01, 2, 6.964_557),
            (0.00125, 3, 9.464_900),
        ] {
            let found = exceeded(upper, degrees);
            assert!((found - expected).abs() < 2e-4 * expected, "{upper} {degrees}: {found}");
        }
    }

    #[test]
    fn fewer_weeks_are_surer_of_nothing() {
        assert!(t95(0) >= t95(1));
        assert!(t95(1_000) >= 1.644_853);
    }
}
