//! Whether a crate is a member of the workspace around it.

use std::path::{Component, Path};

use toml::{Table, Value};

/// Returns whether a folder lies inside a workspace, and is not one of its members. Cargo refuses such a crate
/// unless it is a workspace of its own.
pub(super) fn is_foreign(folder: &Path) -> bool {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let around = folder.ancestors().skip(1).find_map(|above| {
        let text = std::fs::read_to_string(above.join("Cargo.toml")).ok()?;
        let manifest: Table = toml::from_str(&text).ok()?;
        let workspace = manifest.get("workspace")?.as_table()?.clone();
        Some((above.to_owned(), workspace))
    });
    let Some((root, workspace)) = around else {
        return false;
    };
    let path = folder.strip_prefix(root).unwrap_or(&folder);
    let is_listed = |key: &str| {
        let patterns = workspace.get(key).and_then(Value::as_array);
        let mut patterns = patterns.into_iter().flatten().filter_map(Value::as_str);
        patterns.any(|pattern| matches(Path::new(pattern), path))
    };
    !is_listed("members") || is_listed("exclude")
}

/// Matches a path with a pattern, in which each component can contain one `*`.
fn matches(pattern: &Path, path: &Path) -> bool {
    let parts = |path: &Path| {
        let parts = path.components();
        let parts = parts.filter(|part| !matches!(part, Component::CurDir));
        parts
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    let (pattern, path) = (parts(pattern), parts(path));
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(&path)
            .all(|(pattern, part)| match pattern.split_once('*') {
                Some((start, end)) => {
                    part.len() >= start.len() + end.len()
                        && part.starts_with(start)
                        && part.ends_with(end)
                }
                None => pattern == part,
            })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn patterns_match_components() {
        let matches = |pattern: &str, path: &str| matches(Path::new(pattern), Path::new(path));
        assert!(matches("crates/*", "crates/a") && matches("./a", "a") && matches("a-*", "a-b"));
        assert!(!matches("crates/*", "crates/a/b") && !matches("crates/*", "other/a"));
        assert!(!matches("ab*b", "ab"));
    }

    #[test]
    fn members_are_not_foreign() {
        let root = std::env::temp_dir().join(format!("workspace-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let manifest = "[workspace]\nmembers = ['crates/*']\nexclude = ['crates/old']\n";
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        let foreign = ["crates/api", "crates/old", "api"].map(|path| is_foreign(&root.join(path)));
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(foreign, [false, true, true]);
        assert!(!is_foreign(&root.join("api")));
    }
}
