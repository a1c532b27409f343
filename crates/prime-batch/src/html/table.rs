//! Tables, which a narrow screen shows as blocks.

use std::fmt;

/// The name and the class of a column.
pub(super) type Column = (&'static str, &'static str);

/// Writes the beginning of a table. Its roles are stated because a narrow screen shows it as blocks.
pub(super) fn head(
    f: &mut fmt::Formatter<'_>,
    class: &str,
    caption: &str,
    columns: &[Column],
) -> fmt::Result {
    write!(
        f,
        "<table class=\"{class}\" role=\"table\">\n<caption>{caption}</caption>\n\
         <thead role=\"rowgroup\"><tr role=\"row\">"
    )?;
    for (name, class) in columns {
        write!(
            f,
            "<th scope=\"col\" role=\"columnheader\" class=\"{class}\">{name}</th>"
        )?;
    }
    writeln!(f, "</tr></thead>\n<tbody role=\"rowgroup\">")
}

/// Writes a row of a table. The texts are HTML. On a narrow screen, the name of its column is beside each of them.
pub(super) fn row<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    columns: &[Column; N],
    texts: [String; N],
) -> fmt::Result {
    f.write_str("<tr role=\"row\">")?;
    for ((name, class), text) in columns.iter().zip(texts) {
        write!(
            f,
            "<td role=\"cell\" class=\"{class}\" data-label=\"{name}\">{text}</td>"
        )?;
    }
    writeln!(f, "</tr>")
}
