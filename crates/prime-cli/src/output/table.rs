//! Tables in columns that are separated by two spaces.

use super::{Style, printable};

/// A column is not made narrower than this, in characters.
const MIN_WIDTH: usize = 8;

const GAP: &str = "  ";

/// A table. Every row has as many cells as there are columns.
#[derive(Debug, Default)]
pub(crate) struct Table {
    headers: Vec<String>,
    right: Vec<bool>,
    /// Columns whose cells are never wrapped.
    whole: Vec<usize>,
    rows: Vec<Vec<String>>,
    /// The columns that are left out first if the table is too wide.
    optional: Vec<usize>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a column of texts.
    pub(crate) fn column(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self.right.push(false);
        self
    }

    /// Adds a column of numbers.
    pub(crate) fn number(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self.right.push(true);
        self
    }

    /// Adds a column of ids, which are never wrapped so that they can be copied.
    pub(crate) fn id(mut self, header: &str) -> Self {
        self.whole.push(self.headers.len());
        self.column(header)
    }

    /// Sets which columns are left out if the table is too wide, the least important one first.
    pub(crate) fn optional(mut self, headers: &[&str]) -> Self {
        let index = |header: &&str| self.headers.iter().position(|known| known == header);
        self.optional = headers.iter().filter_map(index).collect();
        self
    }

    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| printable(&cell.into(), false));
        let mut cells: Vec<String> = cells.collect();
        cells.resize(self.headers.len(), String::new());
        self.rows.push(cells);
    }

    /// Returns the table with a line of headers. If the table is wider than `width`, optional columns are left out, and
    /// then cells are wrapped.
    pub(crate) fn render(&self, width: Option<usize>, style: Style) -> String {
        let mut widths = self.natural_widths();
        let mut left_out = Vec::new();
        if let Some(limit) = width {
            for column in &self.optional {
                if total(&widths) > limit {
                    widths[*column] = 0;
                    left_out.push(self.headers[*column].as_str());
                }
            }
            narrow(&mut widths, &self.whole, limit);
        }
        let mut text = String::new();
        self.lines(&mut text, &self.headers, &widths, &|cell| style.bold(cell));
        for row in &self.rows {
            self.lines(&mut text, row, &widths, &str::to_owned);
        }
        if !left_out.is_empty() {
            let note = format!("Not shown: {} (--plain shows all)", left_out.join(", "));
            text.push_str(&format!("{}\n", style.dim(&note)));
        }
        text
    }

    fn natural_widths(&self) -> Vec<usize> {
        let length = |text: &String| text.chars().count();
        let mut widths: Vec<usize> = self.headers.iter().map(length).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = length(cell).max(*width);
            }
        }
        widths
    }

    fn lines(
        &self,
        text: &mut String,
        cells: &[String],
        widths: &[usize],
        paint: &dyn Fn(&str) -> String,
    ) {
        let columns: Vec<usize> = (0..cells.len()).filter(|i| widths[*i] > 0).collect();
        let wrapped = columns.iter().map(|i| wrap(&cells[*i], widths[*i]));
        let wrapped: Vec<Vec<String>> = wrapped.collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let last = wrapped.iter().rposition(|cell| cell.get(line).is_some());
            for (i, cell) in wrapped.iter().enumerate().take(last.map_or(0, |i| i + 1)) {
                let part = cell.get(line).map_or("", String::as_str);
                let column = columns[i];
                let blank = " ".repeat(widths[column].saturating_sub(part.chars().count()));
                text.push_str(if i == 0 { "" } else { GAP });
                match self.right[column] {
                    true => text.push_str(&format!("{blank}{}", paint(part))),
                    false => text.push_str(&format!("{}{blank}", paint(part))),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
    }
}

/// Returns the width of a line. A column of width 0 is left out.
fn total(widths: &[usize]) -> usize {
    let columns = widths.iter().filter(|width| **width > 0).count();
    widths.iter().sum::<usize>() + GAP.len() * columns.saturating_sub(1)
}

/// Makes the widest columns narrower until the table fits. Those in `whole` keep their widths.
fn narrow(widths: &mut [usize], whole: &[usize], limit: usize) {
    while total(widths) > limit {
        let columns = widths.iter_mut().enumerate();
        let columns = columns.filter(|(column, _)| !whole.contains(column));
        match columns.map(|(_, width)| width).max() {
            Some(widest) if *widest > MIN_WIDTH => *widest -= 1,
            _ => break,
        }
    }
}

/// Breaks a cell into lines, after a space, slash or hyphen if there is one.
fn wrap(cell: &str, width: usize) -> Vec<String> {
    let mut rest: Vec<char> = cell.chars().collect();
    let mut lines = Vec::new();
    while rest.len() > width && width > 0 {
        let breaks = rest[..width]
            .iter()
            .rposition(|c| matches!(c, ' ' | '/' | '-'));
        let end = breaks.map_or(width, |i| i + 1);
        let line: String = rest.drain(..end).collect();
        lines.push(line.trim_end().to_owned());
    }
    lines.push(rest.into_iter().collect());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_wrapped() {
        let mut table = Table::new().column("id").number("price");
        table.row(["meta-llama/llama-3.1-70b-instruct", "$0.3"]);
        table.row(["a\u{1b}[2J", "$12"]);
        let plain = Style::new(false);
        assert_eq!(
            table.render(None, plain),
            "id                                 price\n\
             meta-llama/llama-3.1-70b-instruct   $0.3\n\
             a[2J                                 $12\n"
        );
        assert_eq!(
            table.render(Some(28), plain),
            "id                     price\n\
             meta-llama/llama-3.1-   $0.3\n\
             70b-instruct\n\
             a[2J                     $12\n"
        );
    }

    #[test]
    fn ids_are_not_wrapped() {
        let mut table = Table::new().id("id").column("name");
        table.row(["run_0123456789", "a longer name"]);
        assert_eq!(
            table.render(Some(24), Style::new(false)),
            "id              name\n\
             run_0123456789  a\n\
             \x20               longer\n\
             \x20               name\n"
        );
    }

    #[test]
    fn optional_columns_are_left_out() {
        let mut table = Table::new()
            .column("a")
            .column("long name")
            .number("b")
            .optional(&["long name", "b"]);
        table.row(["1", "2", "3"]);
        let plain = Style::new(false);
        assert_eq!(
            table.render(Some(15), plain),
            "a  long name  b\n1  2          3\n"
        );
        let note = "Not shown: long name (--plain shows all)\n";
        assert_eq!(table.render(Some(8), plain), format!("a  b\n1  3\n{note}"));
    }
}
