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
    rows: Vec<Vec<String>>,
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

    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let cells = cells.into_iter().map(|cell| printable(&cell.into(), false));
        let mut cells: Vec<String> = cells.collect();
        cells.resize(self.headers.len(), String::new());
        self.rows.push(cells);
    }

    /// Returns the table with a line of headers. If the table is wider than `width`, cells are wrapped.
    pub(crate) fn render(&self, width: Option<usize>, style: Style) -> String {
        let widths = self.widths(width);
        let mut text = String::new();
        self.lines(&mut text, &self.headers, &widths, &|cell| style.bold(cell));
        for row in &self.rows {
            self.lines(&mut text, row, &widths, &str::to_owned);
        }
        text
    }

    fn widths(&self, width: Option<usize>) -> Vec<usize> {
        let length = |text: &String| text.chars().count();
        let mut widths: Vec<usize> = self.headers.iter().map(length).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = length(cell).max(*width);
            }
        }
        let Some(limit) = width else { return widths };
        let gaps = GAP.len() * widths.len().saturating_sub(1);
        // The widest column is made narrower until the table fits.
        while widths.iter().sum::<usize>() + gaps > limit {
            let Some(widest) = widths.iter_mut().max() else {
                break;
            };
            if *widest <= MIN_WIDTH {
                break;
            }
            *widest -= 1;
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
        let wrapped = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| wrap(cell, *width));
        let wrapped: Vec<Vec<String>> = wrapped.collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for line in 0..height {
            let last = wrapped.iter().rposition(|cell| cell.get(line).is_some());
            for (i, cell) in wrapped.iter().enumerate().take(last.map_or(0, |i| i + 1)) {
                let part = cell.get(line).map_or("", String::as_str);
                let blank = " ".repeat(widths[i].saturating_sub(part.chars().count()));
                text.push_str(if i == 0 { "" } else { GAP });
                match self.right[i] {
                    true => text.push_str(&format!("{blank}{}", paint(part))),
                    false => text.push_str(&format!("{}{blank}", paint(part))),
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
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
}
