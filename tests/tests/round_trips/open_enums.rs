//! Enumerations are open: unknown values are kept.

use std::collections::HashSet;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

use pinference_api::types::{
    AudioFormat, FinishReason, GrammarSyntax, ImageDetail, InputAudioFormat, Modality,
    ModerationMode, PromptCacheMode, PromptCacheRetention, ReasoningEffort, Role,
    SearchContextSize, ServiceTier, ToolChoiceMode, Verbosity, VoiceName,
};
use prime_platform_api::types::RunStatus as PlatformRunStatus;
use prime_training_api::types::RunStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;

const UNKNOWN: [&str; 12] = [
    "",
    " ",
    "abort",
    "eos",
    "Stop",
    "stop ",
    "developer",
    "running",
    "other",
    "größer",
    "中\"\\\n",
    "null",
];

fn assert_open<E>(listed: &[E], as_str: fn(&E) -> &str, other: fn(&E) -> Option<&str>)
where
    E: Clone + Debug + Display + Eq + Hash + Ord,
    E: Serialize + DeserializeOwned,
    E: From<&'static str> + From<String> + FromStr<Err = std::convert::Infallible>,
    E: PartialEq<str> + for<'a> PartialEq<&'a str>,
{
    let texts: Vec<&str> = listed.iter().map(as_str).collect();
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), listed.len());
    for (value, text) in listed.iter().zip(&texts) {
        assert_eq!(other(value), None);
        assert_is(value, text);
    }
    for text in UNKNOWN.into_iter().filter(|text| !texts.contains(text)) {
        let value = E::from(text);
        assert_eq!(other(&value), Some(text));
        assert_is(&value, text);
        assert!(!listed.contains(&value));
    }
    let all: HashSet<E> = UNKNOWN.into_iter().map(E::from).collect();
    assert_eq!(all.len(), UNKNOWN.len());
}

#[track_caller]
fn assert_is<E>(value: &E, text: &str)
where
    E: Debug + Display + Ord + Serialize + DeserializeOwned,
    E: From<String> + FromStr<Err = std::convert::Infallible>,
    E: PartialEq<str> + for<'a> PartialEq<&'a str>,
{
    let json = serde_json::to_string(text).unwrap();
    let escaped: String = text
        .encode_utf16()
        .map(|unit| format!("\\u{unit:04x}"))
        .collect();
    for json in [&json, &format!("\"{escaped}\"")] {
        assert_eq!(&serde_json::from_str::<E>(json).unwrap(), value);
    }
    let through_value = serde_json::from_value::<E>(text.into()).unwrap();
    assert_eq!(&through_value, value);
    assert_eq!(&E::from(text.to_owned()), value);
    let Ok(parsed) = text.parse::<E>();
    assert_eq!(&parsed, value);
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(value.to_string(), text);
    assert_eq!(format!("{value:>9}"), format!("{text:>9}"));
    assert!(*value == *text && *value == text);
    assert!(*value != *"no such value" && *value != "no such value");
}

/// Checks each of the named enumerations.
macro_rules! assert_all_open {
    ($($name:ident)*) => {
        $(assert_open($name::LISTED, $name::as_str, |value| match value {
            $name::Other(text) => Some(text),
            _ => None,
        });)*
    };
}

#[test]
fn unknown_values_are_kept() {
    assert_all_open!(
        AudioFormat FinishReason GrammarSyntax ImageDetail InputAudioFormat Modality ModerationMode PlatformRunStatus PromptCacheMode
        PromptCacheRetention ReasoningEffort Role RunStatus SearchContextSize ServiceTier ToolChoiceMode Verbosity
        VoiceName
    );
}

#[test]
fn values_that_are_not_strings_are_rejected() {
    for text in [
        "7",
        "null",
        "true",
        "[]",
        "{}",
        "[\"stop\"]",
        "{\"stop\": null}",
    ] {
        assert!(
            serde_json::from_str::<FinishReason>(text).is_err(),
            "{text}"
        );
        assert!(serde_json::from_str::<Role>(text).is_err(), "{text}");
        assert!(serde_json::from_str::<RunStatus>(text).is_err(), "{text}");
    }
}
