//! The address that an API's paths are appended to.

use std::fmt;
use std::sync::{Arc, OnceLock};

use reqwest::Url;

/// The address that an API's paths are appended to. Parsed once: parsing an address takes longer than
/// anything else that a request is made of.
#[derive(Clone)]
pub struct BaseUrl(Arc<Address>);

struct Address {
    text: String,
    url: Result<Url, InvalidBaseUrl>,
    fixed: [OnceLock<(&'static str, Url)>; FIXED],
}

/// How many addresses of fixed paths are kept. Few programs call more operations than that, and to look
/// through more would take as long as to put one together.
const FIXED: usize = 4;

/// An address to which no path can be appended. It is not shown: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the base URL is of no use: {0}")]
pub struct InvalidBaseUrl(String);

impl BaseUrl {
    /// Reads an address; one that is none is an error of each call.
    pub fn new(address: &str) -> Self {
        let text = address.trim_end_matches('/').to_owned();
        let url = match Url::parse(&text) {
            Ok(url) if !url.has_host() => Err("it names no host".to_owned()),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                Err("it has a `?` or a `#`".to_owned())
            }
            Ok(url) => Ok(url),
            Err(e) => Err(e.to_string()),
        };
        let url = url.map_err(InvalidBaseUrl);
        Self(Arc::new(Address {
            text,
            url,
            fixed: Default::default(),
        }))
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The address of a path, which begins with a slash and is encoded already.
    ///
    /// # Errors
    /// If the base is no address.
    pub fn join(&self, path: &str) -> Result<Url, InvalidBaseUrl> {
        let mut url = self.0.url.clone()?;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let stem = url.path().trim_end_matches('/');
        let path = [stem, path].concat();
        url.set_path(&path);
        url.set_query(query);
        Ok(url)
    }

    /// The same of a path that does not change from call to call: put together once.
    ///
    /// # Errors
    /// If the base is no address.
    pub fn fixed(&self, path: &'static str) -> Result<Url, InvalidBaseUrl> {
        for kept in &self.0.fixed {
            if kept.get().is_none() {
                // Another thread may be faster, and keep another path here.
                let _ = kept.set((path, self.join(path)?));
            }
            if let Some((kept, url)) = kept.get()
                && *kept == path
            {
                return Ok(url.clone());
            }
        }
        self.join(path)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.text, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_if_the_whole_was_parsed() {
        let paths = [
            "/models",
            "/models/a/b%2Fc/d:e@f",
            "/",
            "//double",
            "/a/../b/./c",
            "/a%2e%2e/%2E%2E/b",
            "/with space/\u{e9}/\"<>`{}|^",
            "/tab\tand\nline",
            "/back\\slash",
            "/?x=1",
            "/a?b=c&d={e}",
        ];
        for base in [
            "https://api.example.com",
            "http://localhost:8080/",
            "https://user:pass@h/a/v1",
            "http://[::1]:1/x/",
        ] {
            let joined = BaseUrl::new(base);
            for path in paths {
                let text = format!("{}{path}", base.trim_end_matches('/'));
                let parsed = Url::parse(&text).map(String::from).ok();
                assert_eq!(joined.join(path).map(String::from).ok(), parsed, "{text}");
                // The first time, and from then on; the last of them are too many to be kept.
                for _ in 0..2 {
                    let fixed = joined.fixed(path).map(String::from);
                    assert_eq!(fixed.ok(), parsed, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_address_says_so() {
        for (base, reason) in [
            ("", "relative URL without a base"),
            ("api.example.com/v1", "relative URL without a base"),
            ("mailto:someone", "names no host"),
            ("https://h/v1?x=1", "has a `?`"),
            ("https://h/v1#x", "has a `?` or a `#`"),
        ] {
            let base_url = BaseUrl::new(base);
            for url in [base_url.join("/models"), base_url.fixed("/models")] {
                let error = url.map_err(|e| e.to_string());
                assert!(error.is_err_and(|e| e.contains(reason)), "{base}");
            }
        }
    }
}
