use openapi_pipeline::lower::{self, Options};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask::standalone::{self, Crate};

use super::TABLES;
use super::edit;

#[test]
#[ignore = "needs tool"]
fn write_crates() {
    let to = PathBuf::from("/tmp/tools-semver/out");
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/prime-runtime");
    let write = |name: &str, document: &Value| {
        let folder = to.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("openapi.json"), format!("{document:#}")).unwrap();
        let options = Options::new().skip_unsupported(true);
        let mut lowered = lower::lower_with(document, &options).unwrap();
        let krate = Crate {
            name: "mutated",
            source: "s",
            runtime: Some(&runtime),
            own_workspace: true,
        };
        let files = standalone::files(&krate, &mut lowered, true).unwrap();
        std::fs::write(
            folder.join("lowered.json"),
            format!("{:#}", lowered.document),
        )
        .unwrap();
        standalone::write(&folder, &files).unwrap();
    };
    for (api, table, mutations) in TABLES {
        let mut old = edit::specification(api);
        if table == "constructed" {
            super::constructed::prepare(&mut old);
            write("constructed-old", &old);
        } else {
            write(&format!("{api}-old"), &old);
        }
        for (index, mutation) in mutations.iter().enumerate() {
            let mut new = old.clone();
            (mutation.change)(&mut new);
            write(&format!("{table}-{index:03}"), &new);
            std::fs::write(to.join(format!("{table}-{index:03}/name")), mutation.name).unwrap();
            std::fs::write(
                to.join(format!("{table}-{index:03}/from")),
                if table == "constructed" {
                    "constructed-old".to_owned()
                } else {
                    format!("{api}-old")
                },
            )
            .unwrap();
        }
    }
    let _ = Command::new("true");
}
