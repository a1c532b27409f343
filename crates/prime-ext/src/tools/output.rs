//! What the function of a tool returns.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

/// The text for the model, or the text of an error for the model.
pub(super) type ToolOutputResult = Result<String, String>;

/// What the function of a [`Tool`](super::Tool) returns: a string, a number, `bool`, `()`, a [`Value`], or a `Result` of
/// any type that can be serialized.
///
/// The model receives a string as it is, and every other value as JSON. Of an error, it receives the `Display` text.
///
/// ```
/// use std::convert::Infallible;
/// use prime_ext::tools::Tool;
/// use serde_json::{Value, json};
///
/// let schema = json!({ "type": "object" });
/// let random = Tool::with_schema("random", schema, |_: Value| async { Ok::<u8, Infallible>(4) });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the output of a tool",
    note = "return a `Result<T, E>`, where `T` implements `serde::Serialize` and `E` implements `Display`"
)]
pub trait ToolOutput: sealed::Sealed {
    #[doc(hidden)]
    fn into_result(self) -> ToolOutputResult;
}

impl ToolOutput for String {
    fn into_result(self) -> ToolOutputResult {
        Ok(self)
    }
}

impl ToolOutput for &'static str {
    fn into_result(self) -> ToolOutputResult {
        Ok(self.to_owned())
    }
}

impl ToolOutput for Value {
    fn into_result(self) -> ToolOutputResult {
        to_text(&self)
    }
}

impl ToolOutput for () {
    fn into_result(self) -> ToolOutputResult {
        Ok(String::new())
    }
}

macro_rules! outputs {
    ($($type:ty)*) => {$(
        impl sealed::Sealed for $type {}

        impl ToolOutput for $type {
            fn into_result(self) -> ToolOutputResult {
                to_text(&self)
            }
        }
    )*};
}

outputs!(bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64);

impl<T: Serialize, E: Display> ToolOutput for Result<T, E> {
    fn into_result(self) -> ToolOutputResult {
        match self {
            Ok(value) => to_text(&value),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Returns a string as it is, and every other value as JSON.
fn to_text(value: &impl Serialize) -> ToolOutputResult {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => Ok(text),
        Ok(Value::Null) => Ok(String::new()),
        Ok(value) => Ok(value.to_string()),
        Err(error) => Err(format!("the result cannot be written as JSON: {error}")),
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for String {}
    impl Sealed for &'static str {}
    impl Sealed for serde_json::Value {}
    impl Sealed for () {}
    impl<T, E> Sealed for Result<T, E> {}
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::io;

    use serde_json::json;

    use super::*;

    #[test]
    fn strings_are_sent_as_they_are_and_other_values_as_json() {
        let ok = |text: &str| Ok(text.to_owned());
        assert_eq!("a \"b\"".into_result(), ok("a \"b\""));
        assert_eq!("a".to_owned().into_result(), ok("a"));
        assert_eq!(json!({ "a": 1 }).into_result(), ok("{\"a\":1}"));
        assert_eq!(json!("a").into_result(), ok("a"));
        assert_eq!(().into_result(), ok(""));
        assert_eq!(
            (7_u32.into_result(), true.into_result()),
            (ok("7"), ok("true"))
        );
        assert_eq!(Ok::<_, Infallible>("a").into_result(), ok("a"));
        assert_eq!(Ok::<_, Infallible>(()).into_result(), ok(""));
        assert_eq!(Ok::<_, Infallible>([1, 2]).into_result(), ok("[1,2]"));
        let error = Err::<String, _>(io::Error::other("disk full"));
        assert_eq!(error.into_result(), Err("disk full".to_owned()));
    }

    #[test]
    fn a_value_that_is_not_json_is_an_error() {
        let map = std::collections::BTreeMap::from([(vec![1], 1)]);
        let result = Ok::<_, Infallible>(map).into_result();
        assert!(result.is_err_and(|error| error.contains("key must be a string")));
    }
}
