//! The blocks of the README.

const README: &str = include_str!("../../README.md");

/// Returns the block with the given index among those of a language.
pub(crate) fn block(language: &str, index: usize) -> &'static str {
    blocks(language).nth(index).unwrap()
}

/// Returns the blocks of a language.
pub(crate) fn blocks(language: &str) -> impl Iterator<Item = &'static str> {
    let start = format!("```{language}\n");
    let starts: Vec<usize> = README
        .match_indices(&start)
        .map(|(index, _)| index + start.len())
        .collect();
    starts.into_iter().map(|start| {
        let rest = &README[start..];
        &rest[..rest.find("```").unwrap()]
    })
}
