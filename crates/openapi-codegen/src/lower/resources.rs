//! Converts references that are relative to a schema with an `$id`, or to the `$self` of the document, to locations in the
//! document, which other passes expect.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::references::add;
use super::resolve::find;
use super::walk::{Keys, has_member};
use crate::Pointer;

/// Returns a document whose references do not depend on `$id` and `$self`.
pub(crate) fn by_document(document: &Value) -> Cow<'_, Value> {
    if !has_member(document, &|key, _| key == "$id" || key == "$self") {
        return Cow::Borrowed(document);
    }
    let mut resources = Resources {
        document,
        places: BTreeMap::new(),
    };
    let own = document.get("$self").and_then(Value::as_str);
    let base = own.unwrap_or_default();
    if let Some(own) = own {
        add(&mut resources.places, own, &Pointer::root());
    }
    resources.collect(document, Keys::Keywords, &Pointer::root(), base);
    let mut converted = document.clone();
    resources.convert(&mut converted, Keys::Keywords, "#", base);
    Cow::Owned(converted)
}

struct Resources<'a> {
    document: &'a Value,
    /// The locations of schemas, as references, by their absolute ids. `None` if several schemas have the id.
    places: BTreeMap<String, Option<String>>,
}

impl Resources<'_> {
    fn collect(&mut self, value: &Value, keys: Keys, place: &Pointer, base: &str) {
        match value {
            Value::Object(map) => {
                let id = id_of(value, keys, base);
                if let Some(id) = &id {
                    add(&mut self.places, id, place);
                }
                let base = id.as_deref().unwrap_or(base);
                for (key, member) in map {
                    if let Some(keys) = keys.below(key) {
                        self.collect(member, keys, &place.join(key), base);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(item, Keys::Keywords, &place.join(index), base);
                }
            }
            _ => {}
        }
    }

    /// Converts the references in a value. `root` is the location of the schema whose id is `base`.
    fn convert(&self, value: &mut Value, keys: Keys, root: &str, base: &str) {
        let id = id_of(value, keys, base);
        let place = id.as_ref().and_then(|id| self.places.get(id)?.as_deref());
        let root = place.unwrap_or(root);
        let base = id.as_deref().unwrap_or(base);
        match value {
            Value::Object(map) => {
                if keys == Keys::Keywords
                    && let Some(Value::String(reference)) = map.get_mut("$ref")
                    && let Some(location) = self.location(reference, root, base)
                {
                    *reference = location;
                }
                for (key, member) in map {
                    if let Some(keys) = keys.below(key) {
                        self.convert(member, keys, root, base);
                    }
                }
            }
            Value::Array(items) => {
                let items = items.iter_mut();
                items.for_each(|item| self.convert(item, Keys::Keywords, root, base));
            }
            _ => {}
        }
    }

    /// Returns the location that a reference means. `None` if it is one, or leads elsewhere.
    fn location(&self, reference: &str, root: &str, base: &str) -> Option<String> {
        let (url, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let root = match url {
            "" => root,
            url => self.places.get(&join(base, url))?.as_deref()?,
        };
        if !fragment.is_empty() && !fragment.starts_with('/') {
            // An anchor.
            return (!url.is_empty()).then(|| format!("#{fragment}"));
        }
        let location = format!("{root}{fragment}");
        let is_found = location == "#" || find(self.document, &location).is_some();
        (is_found && location != reference).then_some(location)
    }
}

/// Returns the absolute id of a schema.
fn id_of(value: &Value, keys: Keys, base: &str) -> Option<String> {
    let id = value.get("$id").filter(|_| keys == Keys::Keywords)?;
    let id = id.as_str()?.trim_end_matches('#');
    (!id.is_empty() && !id.contains('#')).then(|| join(base, id))
}

/// Resolves a URL reference against a base URL, without its query.
fn join(base: &str, reference: &str) -> String {
    let is_absolute = reference.contains("://") || reference.starts_with("urn:");
    let origin = base.find("://").map(|end| end + 3);
    let path = origin.and_then(|start| Some(start + base[start..].find('/')?));
    if is_absolute || base.is_empty() {
        return reference.to_owned();
    }
    if reference.starts_with('/') {
        return format!("{}{reference}", &base[..path.unwrap_or(base.len())]);
    }
    let folder = base.rfind('/').map_or("", |end| &base[..end]);
    let mut segments: Vec<&str> = folder.split('/').collect();
    for segment in reference.split('/') {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn references_are_relative_to_a_base() {
        for (base, reference, joined) in [
            ("https://a.test/s/one", "two", "https://a.test/s/two"),
            ("https://a.test/s/one", "./b/two", "https://a.test/s/b/two"),
            ("https://a.test/s/one", "../two", "https://a.test/two"),
            ("https://a.test/s/one", "/two", "https://a.test/two"),
            ("https://a.test", "/two", "https://a.test/two"),
            ("https://a.test/s", "https://b.test/", "https://b.test/"),
            ("https://a.test/s", "urn:x:y", "urn:x:y"),
            ("", "User", "User"),
        ] {
            assert_eq!(join(base, reference), joined);
        }
    }
}
