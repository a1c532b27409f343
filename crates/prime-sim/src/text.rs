//! Generated answers. They depend only on the question and the seed.

/// The maximum number of characters of the question that an answer quotes.
const MAX_QUOTED_CHARS: usize = 120;

/// Returns the answer to a question. Each `choice` of a request gets a different answer.
pub(crate) fn answer(seed: u64, question: &str, choice: usize) -> String {
    let asked = question.to_lowercase();
    let answer = if asked.contains("capital of france") {
        "The capital of France is Paris.".to_owned()
    } else if asked.contains("story") {
        story(seed)
    } else if question.trim().is_empty() {
        "Hello! What would you like to know?".to_owned()
    } else {
        format!(
            "You said: “{}” A simulator can only agree.",
            shortened(question.trim())
        )
    };
    match choice {
        0 => answer,
        choice => format!("{answer} (Answer {}.)", choice + 1),
    }
}

/// Returns a note on the numbers of images, audio recordings and files, or an empty text.
pub(crate) fn attachments(numbers: [usize; 3]) -> String {
    let names = ["image", "audio recording", "file"];
    let seen: Vec<_> = numbers
        .into_iter()
        .zip(names)
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}{}", if number == 1 { "" } else { "s" }))
        .collect();
    if seen.is_empty() {
        return String::new();
    }
    format!(" I see {}.", seen.join(" and "))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns a story of about eighty tokens. The seed selects the hero and the place.
fn story(seed: u64) -> String {
    const HEROES: [&str; 5] = ["Ada", "Björn", "Chidi", "Zoë", "Mei"];
    const PLACES: [&str; 4] = ["lighthouse", "café", "mill", "library"];
    let pick = |count: usize, of: u64| usize::try_from(of % count as u64).unwrap_or(0);
    let hero = HEROES[pick(HEROES.len(), seed)];
    let place = PLACES[pick(PLACES.len(), seed / 5)];
    format!(
        "Once upon a time, {hero} kept a small {place} at the end of the road. Every evening a fox \
         came to the door and asked for a story, and every evening {hero} told one about the sea. \
         One night the fox stayed away, so {hero} took a lantern, walked down to the shore, and \
         found it there — telling the story to the waves, word for word, as if it had always been \
         its own.\n\nThe end."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::count;

    #[test]
    fn answers_depend_on_the_question() {
        let question = "What is the Capital of France?";
        assert_eq!(answer(0, question, 0), "The capital of France is Paris.");
        assert_ne!(answer(0, question, 0), answer(0, question, 1));
        assert!(answer(0, "Rust?", 0).contains("“Rust?”"));
        assert!(answer(0, &"é".repeat(1_000), 0).contains("é…”"));
        assert!(!answer(0, " ", 0).is_empty());
    }

    #[test]
    fn attachments_are_counted() {
        assert_eq!(attachments([0, 0, 0]), "");
        assert_eq!(attachments([1, 0, 0]), " I see 1 image.");
        assert_eq!(
            attachments([0, 1, 2]),
            " I see 1 audio recording and 2 files."
        );
    }

    #[test]
    fn stories_depend_on_the_seed() {
        for seed in 0..20 {
            let story = answer(seed, "Tell me a story", 0);
            assert_eq!(story, answer(seed, "tell me a STORY!", 0));
            assert!((75..=95).contains(&count(&story)), "{}", count(&story));
        }
        assert_ne!(story(1), story(2));
        assert!(!story(u64::MAX).is_empty());
    }
}
