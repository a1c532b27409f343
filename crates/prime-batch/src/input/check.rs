//! Checks a whole input before anything is paid.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use prime_ext::UsdSum;

use super::Input;
use crate::error::{Error, Fault};
use crate::key::{BodyHash, id_hash};
use crate::price::Models;
use crate::request::Request;

/// The result of the check of an input.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Checked {
    /// The number of requests.
    pub requests: u64,
    /// The number of requests of each model.
    pub models: BTreeMap<String, u64>,
    /// The sum of the upper bounds of the costs. See [`Models::bound`].
    pub bound: UsdSum,
    /// The number of requests whose cost has no upper bound, and which are not in `bound`.
    pub without_bound: u64,
    /// The number of requests that do not limit their completion tokens. Their bound is that of their model.
    pub without_max_tokens: u64,
    /// The size of all bodies in bytes. There are about 4 bytes in a token.
    pub body_bytes: u64,
    pub(crate) digest: BodyHash,
}

/// The number of errors that are reported.
const MAX_FAULTS: usize = 20;

/// If there are more errors than this, the rest of the duplicates is not looked for.
const MAX_MORE: u64 = 1_000;

/// Reads an input, and checks each line. Needs 8 bytes of memory for each request.
pub(crate) fn check(input: &Input, models: &Models) -> Result<Checked, Error> {
    check_each(input, models, |_, _| Ok(()))
}

/// Checks an input, and calls a function for each request and its place in the file. The function may return why it
/// cannot use the request.
pub(crate) fn check_each(
    input: &Input,
    models: &Models,
    mut each: impl FnMut(&Request, Range<u64>) -> Result<(), String>,
) -> Result<Checked, Error> {
    let mut requests = input.requests()?;
    let mut checked = Checked {
        requests: 0,
        models: BTreeMap::new(),
        bound: UsdSum::default(),
        without_bound: 0,
        without_max_tokens: 0,
        body_bytes: 0,
        digest: BodyHash([0; 32]),
    };
    let mut faults = Faults::default();
    let mut ids = Ids::default();
    while let Some(request) = requests.next()? {
        let request = match request {
            Ok(request) => request,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let model = request.model();
        if !models.contains(model) {
            let reason = format!("the model {model:?} does not exist");
            faults.push(Fault {
                line: request.line(),
                reason,
            });
            continue;
        }
        if let Err(reason) = each(&request, requests.place()) {
            let line = request.line();
            faults.push(Fault { line, reason });
            continue;
        }
        checked.requests += 1;
        match checked.models.get_mut(model) {
            Some(count) => *count += 1,
            None => {
                checked.models.insert(model.to_owned(), 1);
            }
        }
        match models.bound(&request) {
            Some(bound) => checked.bound += bound,
            None => checked.without_bound += 1,
        }
        checked.without_max_tokens += u64::from(request.max_tokens().is_none());
        checked.body_bytes += request.body().len() as u64;
        ids.add(&request.key().id);
    }
    checked.digest = BodyHash(requests.digest());
    let duplicates = ids.duplicates();
    if !duplicates.is_empty() {
        find_duplicates(input, &duplicates, &mut faults)?;
    }
    if checked.requests == 0 && faults.first.is_empty() && input.shard.is_none() {
        faults.push(Fault {
            line: 1,
            reason: "the input has no requests".to_owned(),
        });
    }
    faults.into_result(input).map(|()| checked)
}

#[derive(Default)]
struct Faults {
    first: Vec<Fault>,
    more: u64,
}

impl Faults {
    fn push(&mut self, fault: Fault) {
        if self.first.len() < MAX_FAULTS {
            self.first.push(fault);
        } else {
            self.more += 1;
        }
    }

    fn into_result(self, input: &Input) -> Result<(), Error> {
        if self.first.is_empty() {
            return Ok(());
        }
        Err(Error::Input {
            path: input.path.clone(),
            faults: self.first,
            more: self.more,
        })
    }
}

/// The hashes of all ids, in parts, so that a growing list copies only a small part of them.
#[derive(Default)]
struct Ids([Vec<u64>; 32]);

impl Ids {
    fn add(&mut self, id: &str) {
        let hash = id_hash(id);
        self.0[(hash >> 59) as usize].push(hash);
    }

    /// Returns the hashes that occur more than once.
    fn duplicates(mut self) -> HashSet<u64> {
        let mut duplicates = HashSet::new();
        for part in &mut self.0 {
            part.sort_unstable();
            let pairs = part.windows(2).filter(|pair| pair[0] == pair[1]);
            duplicates.extend(pairs.map(|pair| pair[0]));
        }
        duplicates
    }
}

/// Reports each id that occurs again.
fn find_duplicates(input: &Input, hashes: &HashSet<u64>, faults: &mut Faults) -> Result<(), Error> {
    let mut first_lines = HashMap::<String, u64>::new();
    let mut requests = input.requests()?;
    while let Some(request) = requests.next()? {
        let Ok(request) = request else { continue };
        let id = &request.key().id;
        if !hashes.contains(&id_hash(id)) {
            continue;
        }
        if faults.more > MAX_MORE {
            break;
        }
        match first_lines.get(id) {
            None => {
                first_lines.insert(id.clone(), request.line());
            }
            Some(first) => faults.push(Fault {
                line: request.line(),
                reason: format!("the custom_id {id:?} is in line {first} already"),
            }),
        }
    }
    Ok(())
}
