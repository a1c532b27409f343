//! Amounts survive a round trip.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prime_ext::Usd;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(amount) = text.parse::<Usd>() {
        assert!(text.len() <= 64);
        let written = amount.to_string();
        assert_eq!(written.parse(), Ok(amount));
        let json = serde_json::to_string(&amount).expect("JSON");
        let read: Usd = serde_json::from_str(&json).expect("valid amount");
        assert_eq!(read, amount);
        // Arithmetic saturates.
        let _ = (amount + amount, amount - amount, -amount);
    }
    // As a JSON number or string.
    let string = serde_json::to_string(text).expect("JSON");
    for json in [text, &string] {
        if let Ok(amount) = serde_json::from_str::<Usd>(json) {
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }
});
