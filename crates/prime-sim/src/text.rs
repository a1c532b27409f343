//! What the models say: the same for the same question and seed.

/// The most characters of a question that an answer repeats.
const QUOTED: usize = 120;

/// The answer to a question. `choice` counts the answers to one request, which differ.
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

fn shortened(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A story of about eighty tokens, about somebody that the seed chooses.
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
    fn questions_have_their_answers() {
        let question = "What is the Capital of France?";
        assert_eq!(answer(0, question, 0), "The capital of France is Paris.");
        assert_ne!(answer(0, question, 0), answer(0, question, 1));
        assert!(answer(0, "Rust?", 0).contains("“Rust?”"));
        assert!(answer(0, &"é".repeat(1_000), 0).contains("é…”"));
        assert!(!answer(0, " ", 0).is_empty());
    }

    #[test]
    fn stories_follow_the_seed() {
        for seed in 0..20 {
            let told = answer(seed, "Tell me a story", 0);
            assert_eq!(told, answer(seed, "tell me a STORY!", 0));
            assert!((75..=95).contains(&count(&told)), "{}", count(&told));
        }
        assert_ne!(story(1), story(2));
        assert!(!story(u64::MAX).is_empty());
    }
}
