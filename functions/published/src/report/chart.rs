//! A chart of a count over the last snapshots, as SVG. Colors are placeholders that the style sheet replaces, so that the
//! chart suits light and dark.

use std::error::Error as StdError;

use jiff::Timestamp;
use plotters::prelude::*;
use rollcall_connector::{Code, Error};

/// The style sheet replaces these: text, grid, area, line.
const TEXT: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const AREA: RGBColor = RGBColor(3, 3, 3);
const LINE: RGBColor = RGBColor(4, 4, 4);

const SIZE: (u32, u32) = (520, 200);

/// Draws a count over time. `name` is an identifier in the page, `label` says what is counted. `None`: fewer than two
/// points make no chart.
pub(super) fn chart(
    name: &str,
    label: &str,
    points: &[(Timestamp, u64)],
) -> Result<Option<String>, Error> {
    let [(_, from), .., (_, to)] = points else {
        return Ok(None);
    };
    let svg = draw(points).map_err(|e| {
        Error::internal(Code::ReportNotWritten, "a chart cannot be drawn").with_source(e)
    })?;
    let description = format!(
        "{label} over the last {} snapshots: {} at first, {} at last.",
        points.len(),
        grouped(*from),
        grouped(*to)
    );
    let opening = format!(
        "<svg role=\"img\" aria-labelledby=\"{name}-title {name}-description\"><title id=\"{name}-title\">{label}</title><desc id=\"{name}-description\">{description}</desc>"
    );
    let opening =
        opening.replacen("<svg", &format!("<svg viewBox=\"0 0 {} {}\"", SIZE.0, SIZE.1), 1);
    let drawn = svg.split_once('>').map_or("", |(_, drawn)| drawn);
    Ok(Some(opening + drawn))
}

fn draw(points: &[(Timestamp, u64)]) -> Result<String, Box<dyn StdError + Send + Sync>> {
    let mut svg = String::new();
    {
        let at = |index: usize| points.get(index).map_or(0, |(at, _)| at.as_millisecond());
        let (first, last) = (at(0), at(points.len() - 1));
        let top = round_above(points.iter().map(|(_, count)| *count).max().unwrap_or_default());
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&root)
            .margin(8)
            .margin_right(28)
            .x_label_area_size(28)
            .y_label_area_size(60)
            .build_cartesian_2d(first..last.max(first + 1), 0..top)
            .map_err(failed)?;
        let text = ("sans-serif", 13).into_font().color(&TEXT);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(GRID)
            .x_labels(5)
            .y_labels(6)
            .x_label_formatter(&|at| label(*at, last - first))
            .y_label_formatter(&|count| grouped(*count))
            .label_style(text)
            .draw()
            .map_err(failed)?;
        let line: Vec<_> = points.iter().map(|(at, count)| (at.as_millisecond(), *count)).collect();
        let mut area = vec![(first, 0)];
        area.extend(&line);
        area.push((last, 0));
        chart.draw_series([Polygon::new(area, AREA.filled())]).map_err(failed)?;
        chart.draw_series(LineSeries::new(line.clone(), LINE.stroke_width(2))).map_err(failed)?;
        let dots = line.into_iter().map(|point| Circle::new(point, 3, LINE.filled()));
        chart.draw_series(dots).map_err(failed)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn failed(e: impl std::fmt::Display) -> Box<dyn StdError + Send + Sync> {
    e.to_string().into()
}

/// The end of an axis for counts up to this one: at most five round steps.
fn round_above(count: u64) -> u64 {
    let mut step = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step * 5 > count {
            break;
        }
        let magnitude = 10_u64.pow(step.ilog10());
        step = magnitude * factor;
    }
    (count / step + 1) * step
}

/// A day for people, such as `29 Nov`; within two days, the time. In milliseconds.
fn label(at: i64, span: i64) -> String {
    let is_short = span < 2 * 24 * 3_600_000;
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    at.strftime(if is_short { "%H:%M" } else { "%-d %b" }).to_string()
}

/// A number with commas between thousands.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_above_the_count() {
        for (count, expected) in
            [(0, 1), (3, 4), (4, 5), (5, 6), (9, 10), (16, 20), (99, 100), (142_000, 150_000)]
        {
            assert_eq!(round_above(count), expected, "{count}");
        }
    }

    #[test]
    fn thousands_are_grouped() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (142_000, "142,000"),
            (1_370_370, "1,370,370"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn a_chart_has_a_title_a_point_for_each_snapshot_and_no_color_of_its_own() {
        let points: Vec<_> = (0..30)
            .map(|day| (Timestamp::from_second(1_764_000_000 + day * 86_400).expect("a time"), 1))
            .collect();
        let svg = chart("x", "Grants", &points).expect("drawn").expect("a chart");
        assert!(svg.contains("<title id=\"x-title\">Grants</title>"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 30);
        assert!(!svg.contains("style=") && !svg.contains("#000"), "{svg}");
        assert_eq!(chart("x", "Grants", &points[..1]).expect("drawn"), None);
    }
}
