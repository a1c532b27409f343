//! Any settings file gives a client or an error that names the file.
//!
//! The input is `config.json`, a zero byte, and the file of the context `lab`.
#![no_main]

use std::path::PathBuf;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use prime_ext::Client;

/// Creates the settings folder and an environment with no other settings.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let home = std::env::temp_dir().join(format!("prime-fuzz-{}", std::process::id()));
        let folder = home.join(".prime");
        std::fs::create_dir_all(folder.join("environments")).expect("create folder");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PRIME_") {
                // No other thread is running yet.
                unsafe { std::env::remove_var(name) };
            }
        }
        unsafe { std::env::set_var("HOME", &home) };
        folder
    })
}

fuzz_target!(|input: &[u8]| {
    let folder = folder();
    let (config, lab) = match input.iter().position(|byte| *byte == 0) {
        Some(at) => (&input[..at], Some(&input[at + 1..])),
        None => (input, None),
    };
    std::fs::write(folder.join("config.json"), config).expect("write file");
    match lab {
        Some(lab) => {
            std::fs::write(folder.join("environments/lab.json"), lab).expect("write file");
            unsafe { std::env::set_var("PRIME_CONTEXT", "lab") };
        }
        None => unsafe { std::env::remove_var("PRIME_CONTEXT") },
    }
    let builder = match Client::builder().or_env() {
        Ok(builder) => builder,
        Err(error) => {
            assert!(error.to_string().contains(".json"), "{error}");
            return;
        }
    };
    // Building a client reads the system certificates, which is slow. One in a hundred is enough.
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    if count % 100 == 0
        && let Ok(client) = builder.build()
    {
        assert_eq!(client.settings().to_string().lines().count(), 4);
    }
});
