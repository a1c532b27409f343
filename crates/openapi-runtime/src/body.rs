//! Request bodies of builders.

use std::fmt::Display;

/// The body of a request: a complete value, or its builder `B`. The contents are boxed because builders are moved
/// often.
#[derive(Debug, Default, Clone)]
pub enum RequestBody<T, B> {
    /// The body is not set.
    #[default]
    Unset,
    /// A complete body.
    Whole(Box<T>),
    /// A builder, which may be incomplete.
    Parts(Box<B>),
}

impl<T, B> RequestBody<T, B>
where
    T: TryFrom<B, Error: Display>,
    B: From<T> + Default,
{
    /// Creates a complete body.
    pub fn of(body: T) -> Self {
        Self::Whole(Box::new(body))
    }

    /// Applies a change to the builder of the body.
    #[must_use]
    pub fn map(self, change: impl FnOnce(B) -> B) -> Self {
        Self::Parts(Box::new(change(match self {
            Self::Unset => B::default(),
            Self::Whole(body) => B::from(*body),
            Self::Parts(builder) => *builder,
        })))
    }

    /// Builds the body.
    ///
    /// # Errors
    /// If a required field is not set.
    pub fn whole(self) -> Result<Box<T>, String> {
        let builder = match self {
            Self::Unset => B::default(),
            Self::Whole(body) => return Ok(body),
            Self::Parts(builder) => *builder,
        };
        let body = builder.try_into().map(Box::new);
        body.map_err(|e: T::Error| e.to_string())
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
    fn complete_bodies_and_builders() {
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
