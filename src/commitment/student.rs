//! Quantiles of Student's t, for means of weekly savings.

/// The 90 % quantile by degrees of freedom, from one on. Computed with 30 digits by inverting the
/// regularized incomplete beta function; a test integrates the density up to each.
const T90: [f64; 63] = [
    3.077684, 1.885618, 1.637744, 1.533206, 1.475884, 1.439756, 1.414924, 1.396815, 1.383029,
    1.372184, 1.36343, 1.356217, 1.350171, 1.34503, 1.340606, 1.336757, 1.333379, 1.330391,
    1.327728, 1.325341, 1.323188, 1.321237, 1.31946, 1.317836, 1.316345, 1.314972, 1.313703,
    1.312527, 1.311434, 1.310415, 1.309464, 1.308573, 1.307737, 1.306952, 1.306212, 1.305514,
    1.304854, 1.30423, 1.303639, 1.303077, 1.302543, 1.302035, 1.301552, 1.30109, 1.300649,
    1.300228, 1.299825, 1.299439, 1.299069, 1.298714, 1.298373, 1.298045, 1.29773, 1.297426,
    1.297134, 1.296853, 1.296581, 1.296319, 1.296066, 1.295821, 1.295585, 1.295356, 1.295134,
];

/// The 95 % quantile by degrees of freedom, likewise.
const T95: [f64; 63] = [
    6.313752, 2.919986, 2.353363, 2.131847, 2.015048, 1.94318, 1.894579, 1.859548, 1.833113,
    1.812461, 1.795885, 1.782288, 1.770933, 1.76131, 1.75305, 1.745884, 1.739607, 1.734064,
    1.729133, 1.724718, 1.720743, 1.717144, 1.713872, 1.710882, 1.708141, 1.705618, 1.703288,
    1.701131, 1.699127, 1.697261, 1.695519, 1.693889, 1.69236, 1.690924, 1.689572, 1.688298,
    1.687094, 1.685954, 1.684875, 1.683851, 1.682878, 1.681952, 1.681071, 1.68023, 1.679427,
    1.67866, 1.677927, 1.677224, 1.676551, 1.675905, 1.675285, 1.674689, 1.674116, 1.673565,
    1.673034, 1.672522, 1.672029, 1.671553, 1.671093, 1.670649, 1.670219, 1.669804, 1.669402,
];

/// The 90 % quantile of t with so many degrees of freedom, from one on. The longest window has 64
/// weeks; beyond that the last value, which is above the true one, is used.
pub(super) fn t90(degrees: usize) -> f64 {
    at(&T90, degrees)
}

/// The 95 % quantile, likewise.
pub(super) fn t95(degrees: usize) -> f64 {
    at(&T95, degrees)
}

fn at(table: &[f64; 63], degrees: usize) -> f64 {
    let place = degrees.clamp(1, table.len()) - 1;
    table.get(place).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The chance of less than `t`, by Simpson's rule over the density.
    fn below(t: f64, degrees: u32) -> f64 {
        let n = f64::from(degrees);
        // Γ((n+1)/2) / Γ(n/2) by the recurrence from n = 1 or 2.
        let pi = std::f64::consts::PI;
        let (mut ratio, mut from) = if degrees % 2 == 1 {
            (1.0 / pi.sqrt(), 1.0)
        } else {
            (pi.sqrt() / 2.0, 2.0)
        };
        while from < n {
            ratio *= (from + 1.0) / from;
            from += 2.0;
        }
        let density =
            |x: f64| ratio / (n * pi).sqrt() * (1.0 + x * x / n).powf(-f64::midpoint(n, 1.0));
        let steps = 4_000_u32;
        let width = t / f64::from(steps);
        let inner: f64 = (1..steps)
            .map(|k| density(width * f64::from(k)) * if k % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        0.5 + width / 3.0 * (density(0.0) + inner + density(t))
    }

    #[test]
    fn each_quantile_leaves_its_share_below() {
        for degrees in 1..=63_u32 {
            let place = usize::try_from(degrees).unwrap();
            assert!(
                (below(t90(place), degrees) - 0.90).abs() < 2e-6,
                "{degrees}"
            );
            assert!(
                (below(t95(place), degrees) - 0.95).abs() < 2e-6,
                "{degrees}"
            );
        }
    }

    #[test]
    fn fewer_weeks_are_surer_of_nothing() {
        assert!(t95(0) >= t95(1));
        assert!(t95(1_000) >= 1.644_853);
    }
}
