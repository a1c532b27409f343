//! Any text gives a run configuration or an error. A configuration has no secret that has its own
//! parameter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prime_ext::RunConfig;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match RunConfig::from_toml(text) {
        Ok(config) => {
            let config = Value::Object(config.as_json().clone());
            let json = config.to_string();
            let read: Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(read, config);
            assert_no_token(&config);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn assert_no_token(value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let text = value.as_str().unwrap_or_default().trim();
                let is_set = text.chars().any(char::is_alphanumeric) && !text.contains('$');
                let placeholder = ["none", "null", "empty"];
                let is_set = is_set && !placeholder.iter().any(|word| text.eq_ignore_ascii_case(word));
                assert!(!(name == "hf_token" && is_set && !text.starts_with(['"', '\''])));
                assert_no_token(value);
            }
        }
        Value::Array(items) => items.iter().for_each(assert_no_token),
        _ => {}
    }
}
