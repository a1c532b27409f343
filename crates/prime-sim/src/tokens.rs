//! Splits text into tokens.

/// Splits a text into tokens. A token is a word or a single other character, with its leading white
/// space. The concatenated tokens equal the text.
pub(crate) fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (token, after) = rest.split_at(first_len(rest));
        tokens.push(token);
        rest = after;
    }
    tokens
}

/// Returns the number of tokens.
pub(crate) fn count(text: &str) -> i64 {
    i64::try_from(tokens(text).len()).unwrap_or(i64::MAX)
}

/// Returns the length of the first token in bytes.
fn first_len(text: &str) -> usize {
    let space = text.len() - text.trim_start().len();
    let word = &text[space..];
    let mut letters = word.chars().take_while(|c| c.is_alphanumeric());
    let length = letters.by_ref().map(char::len_utf8).sum();
    match length {
        0 => space + word.chars().next().map_or(0, char::len_utf8),
        length => space + length,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_include_leading_white_space() {
        let text = "The capital of France is Paris.";
        assert_eq!(
            tokens(text),
            ["The", " capital", " of", " France", " is", " Paris", "."]
        );
        assert_eq!(tokens("a,  b\n"), ["a", ",", "  b", "\n"]);
        assert_eq!(
            tokens("\u{1f980}\u{1f980}café"),
            ["\u{1f980}", "\u{1f980}", "café"]
        );
        assert_eq!(count(""), 0);
    }

    #[test]
    fn concatenated_tokens_equal_the_text() {
        for text in [
            "",
            " ",
            "\u{2003}x \u{2003}",
            "Señor «Ü» 東京 3.14",
            "e\u{301}\r\n\t-",
        ] {
            assert_eq!(tokens(text).concat(), text);
            assert!(tokens(text).iter().all(|token| !token.is_empty()));
        }
    }
}
