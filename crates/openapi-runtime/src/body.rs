//! The body of a request in the making.

use std::fmt::Display;

/// The body of a request: given whole, or put together field by field by `B`, its builder. Boxed: it is
/// handed from method to method.
#[derive(Debug, Default, Clone)]
pub enum RequestBody<T, B> {
    /// Nothing was said of it.
    #[default]
    Unset,
    /// Given whole.
    Whole(Box<T>),
    /// Put together so far.
    Parts(Box<B>),
}

impl<T, B> RequestBody<T, B>
where
    T: TryFrom<B, Error: Display>,
    B: From<T> + Default,
{
    /// One that is given whole.
    pub fn of(whole: T) -> Self {
        Self::Whole(Box::new(whole))
    }

    /// Changes it field by field.
    #[must_use]
    pub fn map(self, change: impl FnOnce(B) -> B) -> Self {
        Self::Parts(Box::new(change(match self {
            Self::Unset => B::default(),
            Self::Whole(whole) => B::from(*whole),
            Self::Parts(parts) => *parts,
        })))
    }

    /// The body itself.
    ///
    /// # Errors
    /// If a field that it must have was never given.
    pub fn whole(self) -> Result<Box<T>, String> {
        let parts = match self {
            Self::Unset => B::default(),
            Self::Whole(whole) => return Ok(whole),
            Self::Parts(parts) => *parts,
        };
        let whole = parts.try_into().map(Box::new);
        whole.map_err(|e: T::Error| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    struct Question(String);

    #[derive(Default)]
    struct Builder(Option<String>);

    impl From<Question> for Builder {
        fn from(question: Question) -> Self {
            Self(Some(question.0))
        }
    }

    impl TryFrom<Builder> for Question {
        type Error = &'static str;

        fn try_from(builder: Builder) -> Result<Self, &'static str> {
            builder.0.map(Self).ok_or("no text")
        }
    }

    type Body = RequestBody<Question, Builder>;

    #[test]
    fn whole_or_field_by_field() {
        let text = |text: &str| Ok(Box::new(Question(text.to_owned())));
        let more = |body: Builder| Builder(body.0.map(|text| text + "?"));
        assert_eq!(Body::of(Question("a".to_owned())).whole(), text("a"));
        assert_eq!(
            Body::of(Question("a".to_owned())).map(more).whole(),
            text("a?")
        );
        let from_nothing = Body::default().map(|_| Builder(Some("b".to_owned())));
        assert_eq!(from_nothing.map(more).whole(), text("b?"));
        assert_eq!(Body::default().map(more).whole(), Err("no text".to_owned()));
        assert_eq!(Body::Unset.whole(), Err("no text".to_owned()));
    }
}
