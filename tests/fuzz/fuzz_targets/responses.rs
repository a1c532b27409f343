//! A response that is rewritten matches its type, and rewriting it again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pinference_api::types::{ChatCompletionResponse, ModelList};
use prime_ext::openapi_runtime::lenient::{Lenient, from_json, rewrite};
use prime_ext::prime_training_api::types::{RunUsageResponse, WalletResponse};
use serde::de::DeserializeOwned;

fn check<T: Lenient + DeserializeOwned>(json: &[u8]) {
    let Ok((rewritten, _)) = rewrite::<T>(json) else {
        return;
    };
    serde_json::from_str::<T>(&rewritten).expect("matches the type");
    let (again, warnings) = rewrite::<T>(rewritten.as_bytes()).expect("can be rewritten again");
    assert_eq!(again, rewritten);
    assert!(warnings.is_empty(), "{warnings:?}");
    from_json::<T>(json).expect("can be read");
}

fuzz_target!(|json: &[u8]| {
    check::<ChatCompletionResponse>(json);
    check::<ModelList>(json);
    check::<WalletResponse>(json);
    check::<RunUsageResponse>(json);
});
