//! Base URLs of APIs.

use std::fmt;
use std::sync::{Arc, OnceLock};

use reqwest::Url;

/// The base URL of an API. The URL is parsed only once, because parsing is the most expensive part of building a
/// request.
#[derive(Clone)]
pub struct BaseUrl(Arc<Inner>);

struct Inner {
    text: String,
    url: Result<Url, InvalidBaseUrl>,
    cache: [OnceLock<(&'static str, Url)>; MAX_CACHED_URLS],
}

/// The maximum number of cached URLs. Few programs call more operations, and searching more entries would take as long
/// as building a URL.
const MAX_CACHED_URLS: usize = 4;

/// The error of an invalid base URL. The error does not contain the URL, because the URL may contain a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid base URL: {0}")]
pub struct InvalidBaseUrl(String);

impl BaseUrl {
    /// Parses a base URL. If it is invalid, every call fails.
    pub fn new(url: &str) -> Self {
        let text = url.trim_end_matches('/').to_owned();
        let url = match Url::parse(&text) {
            Ok(url) if !url.has_host() => Err("it has no host".to_owned()),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                Err("it has a query or a fragment".to_owned())
            }
            Ok(url) => Ok(url),
            Err(e) => Err(e.to_string()),
        };
        let url = url.map_err(InvalidBaseUrl);
        Self(Arc::new(Inner {
            text,
            url,
            cache: Default::default(),
        }))
    }

    /// Returns the base URL without trailing slashes.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Appends a path, which must begin with a slash and be percent-encoded. It may have a query.
    ///
    /// # Errors
    /// If the base URL is invalid.
    pub fn join(&self, path: &str) -> Result<Url, InvalidBaseUrl> {
        let mut url = self.0.url.clone()?;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let prefix = url.path().trim_end_matches('/');
        let path = [prefix, path].concat();
        url.set_path(&path);
        url.set_query(query);
        Ok(url)
    }

    /// Like [`join`](Self::join), but caches the URL. Use this for paths without parameters.
    ///
    /// # Errors
    /// If the base URL is invalid.
    pub fn fixed(&self, path: &'static str) -> Result<Url, InvalidBaseUrl> {
        for entry in &self.0.cache {
            if entry.get().is_none() {
                // Another thread may set another path first.
                let _ = entry.set((path, self.join(path)?));
            }
            if let Some((cached, url)) = entry.get()
                && *cached == path
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
    fn join_equals_parsing_the_complete_url() {
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
                // The second call uses the cache, unless the cache is full.
                for _ in 0..2 {
                    let fixed = joined.fixed(path).map(String::from);
                    assert_eq!(fixed.ok(), parsed, "{text}");
                }
            }
        }
    }

    #[test]
    fn invalid_urls_are_rejected() {
        for (base, reason) in [
            ("", "relative URL without a base"),
            ("api.example.com/v1", "relative URL without a base"),
            ("mailto:someone", "has no host"),
            ("https://h/v1?x=1", "has a query"),
            ("https://h/v1#x", "has a query or a fragment"),
        ] {
            let base_url = BaseUrl::new(base);
            for url in [base_url.join("/models"), base_url.fixed("/models")] {
                let error = url.map_err(|e| e.to_string());
                assert!(error.is_err_and(|e| e.contains(reason)), "{base}");
            }
        }
    }
}
