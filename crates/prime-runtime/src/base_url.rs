//! The address that an API's paths are appended to.

use std::fmt;

use reqwest::Url;

/// The address that an API's paths are appended to. Parsed once: parsing an address takes longer than
/// anything else that a request is made of.
#[derive(Clone)]
pub struct BaseUrl {
    text: String,
    url: Result<Url, InvalidBaseUrl>,
}

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
        Self { text, url }
    }

    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address of a path, which begins with a slash and is encoded already.
    ///
    /// # Errors
    /// If the base is no address.
    pub fn join(&self, path: &str) -> Result<Url, InvalidBaseUrl> {
        let mut url = self.url.clone()?;
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
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
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
            let error = BaseUrl::new(base)
                .join("/models")
                .map_err(|e| e.to_string());
            assert!(error.is_err_and(|e| e.contains(reason)), "{base}");
        }
    }
}
