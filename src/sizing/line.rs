//! A straight line through values in a row, by least squares.

/// A straight line over the places 0, 1, 2 and so on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// Mean of the values, which is the height in their middle.
    pub(crate) mean: f64,
    /// Change from place to place.
    pub(crate) slope: f64,
    /// Sum of the squares of the places, from their middle.
    pub(crate) squares: f64,
    middle: f64,
}

impl Line {
    /// Fits the line; `None` for fewer than two values.
    #[expect(clippy::cast_precision_loss, reason = "values are few")]
    pub(crate) fn through(values: &[f64]) -> Option<Self> {
        if values.len() < 2 {
            return None;
        }
        let middle = (values.len() - 1) as f64 / 2.0;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let (mut along, mut squares) = (0.0, 0.0);
        for (place, value) in values.iter().enumerate() {
            let place = place as f64 - middle;
            along += place * (value - mean);
            squares += place * place;
        }
        Some(Self { mean, slope: along / squares, squares, middle })
    }

    /// Returns the height so many places after the last value.
    pub(crate) fn after(&self, places: f64) -> f64 {
        self.mean + self.slope * (self.middle + places)
    }

    /// Adds up the squares of what is left of the values beside the line.
    #[expect(clippy::cast_precision_loss, reason = "values are few")]
    pub(crate) fn left(&self, values: &[f64]) -> f64 {
        let left = values
            .iter()
            .enumerate()
            .map(|(place, value)| value - self.mean - self.slope * (place as f64 - self.middle));
        left.map(|left| left * left).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_line_of_a_line_is_that_line(start in 10.0f64..100.0, step in -0.5f64..0.5, count in 2u32..30) {
            let values: Vec<f64> = (0..count).map(|place| start + step * f64::from(place)).collect();
            let line = Line::through(&values).unwrap();
            prop_assert!((line.after(0.0) - values[values.len() - 1]).abs() < 1e-6);
            prop_assert!((line.slope - step).abs() < 1e-6);
            prop_assert!(line.left(&values) < 1e-9);
        }

        #[test]
        fn no_other_line_leaves_less(
            values in prop::collection::vec(-10.0f64..10.0, 3..20), lift in -1.0f64..1.0, tilt in -1.0f64..1.0,
        ) {
            let line = Line::through(&values).unwrap();
            let other = Line { mean: line.mean + lift, slope: line.slope + tilt, ..line };
            prop_assert!(line.left(&values) <= other.left(&values) + 1e-9);
        }
    }
}
