//! Amounts of money: an amount that is read is written and read again without a difference.
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
        let read: Usd = serde_json::from_str(&json).expect("an amount");
        assert_eq!(read, amount);
        // Arithmetic saturates.
        let _ = (amount + amount, amount - amount, -amount);
    }
    // As JSON: a number, or a string of one.
    let string = serde_json::to_string(text).expect("JSON");
    for json in [text, &string] {
        if let Ok(amount) = serde_json::from_str::<Usd>(json) {
            assert_eq!(amount.to_string().parse(), Ok(amount));
        }
    }
});
