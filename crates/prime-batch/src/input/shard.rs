//! A part of an input.

use std::fmt;
use std::str::FromStr;

use crate::key::id_hash;

/// One of several parts of an input, such as `3/16`: the third of sixteen. The hash of a request's id decides to which
/// part it belongs, so that every machine splits an input in the same way, and so that a request stays in its part if
/// lines are added before it.
///
/// ```
/// use prime_batch::Shard;
///
/// let shards: Vec<Shard> = (1..=3).map(|n| format!("{n}/3").parse()).collect::<Result<_, _>>()?;
/// assert_eq!(shards.iter().filter(|shard| shard.contains("request-1")).count(), 1);
/// # Ok::<(), prime_batch::ParseShardError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    number: u32,
    count: u32,
}

/// The error of a text that is not a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a shard; expected two numbers such as 3/16, where the first is between 1 and the second"
)]
pub struct ParseShardError(String);

impl Shard {
    /// Creates a shard. The number is between 1 and the count.
    pub(crate) fn of(number: u32, count: u32) -> Self {
        Self { number, count }
    }

    /// Returns the number of this shard, counted from 1.
    pub fn number(self) -> u32 {
        self.number
    }

    /// Returns the number of shards.
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns whether a request with this id belongs to this part.
    pub fn contains(&self, id: &str) -> bool {
        id_hash(id) % u64::from(self.count) == u64::from(self.number - 1)
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, ParseShardError> {
        let parse = || {
            let (number, count) = text.split_once('/')?;
            let (number, count) = (number.parse().ok()?, count.parse().ok()?);
            (1..=count)
                .contains(&number)
                .then_some(Self { number, count })
        };
        parse().ok_or_else(|| ParseShardError(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_id_is_in_one_shard() {
        let shards: Vec<Shard> = (1..=7).map(|n| format!("{n}/7").parse().unwrap()).collect();
        let mut sizes = [0; 7];
        for id in 0..7_000 {
            let id = format!("line-{id}");
            let mut owners = (0..7).filter(|&shard: &usize| shards[shard].contains(&id));
            let owner = owners.next().unwrap();
            assert_eq!(owners.next(), None);
            sizes[owner] += 1;
        }
        assert!(
            sizes.iter().all(|size| (850..1_150).contains(size)),
            "{sizes:?}"
        );
        // The same on every machine and in every version.
        assert!("2/3".parse::<Shard>().unwrap().contains("a"));
    }

    #[test]
    fn other_texts_are_not_shards() {
        for text in ["", "1", "0/3", "4/3", "1/0", "a/b", "1/2/3", "-1/3"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("3/16".parse::<Shard>().unwrap().to_string(), "3/16");
    }
}
