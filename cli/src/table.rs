//! The layout of tables for people: columns that fit the terminal, or one field a line where they cannot.

use std::io::{self, Write};

use console::{Term, measure_text_width as width_of};

/// The width that tables must fit: that of `COLUMNS` or of the terminal; `None` where output is no terminal.
pub(crate) fn terminal_width() -> Option<usize> {
    let stated = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let terminal = Term::stdout();
    let measured = || terminal.is_term().then(|| usize::from(terminal.size().1));
    stated.filter(|width| *width > 0).or_else(measured)
}

/// The layout of a table.
pub(crate) struct Layout {
    /// The columns that are shown, by their place in a row, each with its name.
    columns: Vec<(usize, &'static str)>,
    style: Style,
}

enum Style {
    /// For programs and files: padded columns, separated by tabs.
    Tabs(Vec<usize>),
    /// For a terminal: columns of these widths, long cells in several lines.
    Wrapped(Vec<usize>),
    /// For a terminal that is too narrow for columns: one field a line, within this width.
    Fields(usize),
}

impl Layout {
    /// The layout for these rows. If they are all there will be, a terminal gets no empty columns.
    pub(crate) fn new(
        names: &[&'static str],
        rows: &[Vec<String>],
        terminal: Option<usize>,
        is_complete: bool,
    ) -> Self {
        let mut columns: Vec<_> = names.iter().copied().enumerate().collect();
        if terminal.is_some() && is_complete && !rows.is_empty() {
            columns.retain(|(n, _)| rows.iter().any(|row| !row[*n].is_empty()));
        }
        let cells = |n: usize| rows.iter().map(move |row| row[n].as_str());
        let widest = |(n, name): &(usize, &'static str), measure: fn(&str) -> usize| {
            cells(*n).chain([*name]).map(measure).max().unwrap_or_default()
        };
        let natural: Vec<_> = columns.iter().map(|column| widest(column, width_of)).collect();
        let style = match terminal {
            None => Style::Tabs(natural),
            Some(limit) => {
                let least: Vec<_> = columns.iter().map(|column| widest(column, longest)).collect();
                let gaps = GAP.len() * columns.len().saturating_sub(1);
                match shrunk(natural, &least, limit.saturating_sub(gaps)) {
                    Some(widths) => Style::Wrapped(widths),
                    None => Style::Fields(limit),
                }
            }
        };
        Self { columns, style }
    }

    /// Writes the names of the columns.
    pub(crate) fn header(&self, out: &mut impl Write) -> io::Result<()> {
        let names: Vec<_> = self.columns.iter().map(|(_, name)| *name).collect();
        match &self.style {
            Style::Tabs(widths) => lines(out, &names, widths, "\t"),
            Style::Wrapped(widths) => {
                lines(out, &names, widths, GAP)?;
                let rules: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
                writeln!(out, "{}", rules.join(GAP))
            }
            Style::Fields(_) => Ok(()),
        }
    }

    /// Writes a row.
    pub(crate) fn row(&self, out: &mut impl Write, row: &[String]) -> io::Result<()> {
        let cells: Vec<_> = self.columns.iter().map(|(n, _)| row[*n].as_str()).collect();
        match &self.style {
            Style::Tabs(widths) => lines(out, &cells, widths, "\t"),
            Style::Wrapped(widths) => lines(out, &cells, widths, GAP),
            Style::Fields(width) => {
                let names = self.columns.iter().map(|(_, name)| *name);
                let label = names.clone().map(width_of).max().unwrap_or_default();
                let widths = [label, width.saturating_sub(label + GAP.len()).max(1)];
                for (name, cell) in names.zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                    lines(out, &[name, cell], &widths, GAP)?;
                }
                writeln!(out)
            }
        }
    }
}

/// What separates the columns on a terminal.
const GAP: &str = "  ";

/// The pieces of a cell between which a line may be broken: after blanks, and inside ids and e-mail addresses.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive([' ', ':', '/', '-', '@'])
}

/// The width of the longest piece.
fn longest(text: &str) -> usize {
    pieces(text).map(|piece| width_of(piece.trim_end())).max().unwrap_or_default()
}

/// Column widths that fit `room` in all, taken from the widest columns first; `None` if a piece would have to be broken.
fn shrunk(mut widths: Vec<usize>, least: &[usize], room: usize) -> Option<Vec<usize>> {
    while widths.iter().sum::<usize>() > room {
        let spare = (0..widths.len()).filter(|n| widths[*n] > least[*n]);
        let widest = spare.max_by_key(|n| widths[*n])?;
        widths[widest] -= 1;
    }
    Some(widths)
}

/// Writes cells side by side. Only a terminal's cells are broken into lines.
fn lines(out: &mut impl Write, cells: &[&str], widths: &[usize], gap: &str) -> io::Result<()> {
    let broken = cells.iter().zip(widths).map(|(cell, width)| match gap {
        GAP => wrapped(cell, *width),
        _ => vec![(*cell).to_owned()],
    });
    let broken: Vec<_> = broken.collect();
    let height = broken.iter().map(Vec::len).max().unwrap_or_default();
    for n in 0..height {
        let mut line = String::new();
        for (column, (cell, width)) in broken.iter().zip(widths).enumerate() {
            let text = cell.get(n).map_or("", String::as_str);
            line.push_str(text);
            if column + 1 < broken.len() {
                line.extend(std::iter::repeat_n(' ', width.saturating_sub(width_of(text))));
                line.push_str(gap);
            }
        }
        let line = if gap == GAP { line.trim_end() } else { &line };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// The lines of a cell. A piece that is longer than a line is broken where the line ends.
fn wrapped(cell: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for piece in pieces(cell) {
        if used > 0 && used + width_of(piece.trim_end()) > width {
            lines.push(String::new());
            used = 0;
        }
        for c in piece.chars() {
            let wide = width_of(c.encode_utf8(&mut [0; 4]));
            if used > 0 && used + wide > width && c != ' ' {
                lines.push(String::new());
                used = 0;
            }
            used += wide;
            lines.last_mut().into_iter().for_each(|line| line.push(c));
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[[&str; 3]], terminal: Option<usize>) -> String {
        let rows = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect::<Vec<_>>();
        let layout = Layout::new(&["ID", "Name", "Note"], &rows, terminal, true);
        let mut out = Vec::new();
        layout.header(&mut out).expect("written");
        rows.iter().for_each(|row| layout.row(&mut out, row).expect("written"));
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_table_fits_the_terminal_without_breaking_words() {
        let rows = [["namespace:demo:write", "Ada Lovelace", ""], ["user:u1", "日本", ""]];
        for (terminal, expected) in [
            (
                None,
                "ID                  \tName        \tNote\nnamespace:demo:write\tAda Lovelace\t\nuser:u1             \t日本        \t\n",
            ),
            (
                Some(80),
                "ID                    Name\n────────────────────  ────────────\nnamespace:demo:write  Ada Lovelace\nuser:u1               日本\n",
            ),
            (
                Some(22),
                "ID          Name\n──────────  ──────────\nnamespace:  Ada\ndemo:write  Lovelace\nuser:u1     日本\n",
            ),
            (
                Some(18),
                "ID    namespace:\n      demo:write\nName  Ada Lovelace\n\nID    user:u1\nName  日本\n\n",
            ),
            (
                Some(10),
                "ID    name\n      spac\n      e:\n      demo\n      :\n      writ\n      e\nName  Ada\n      Love\n      lace\n\nID    user\n      :u1\nName  日本\n\n",
            ),
        ] {
            assert_eq!(table(&rows, terminal), expected, "{terminal:?}");
        }
    }

    #[test]
    fn an_empty_table_has_its_header() {
        assert_eq!(table(&[], Some(80)).lines().next(), Some("ID  Name  Note"));
    }
}
