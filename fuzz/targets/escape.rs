//! The JSON escape of every instruction set is serde_json's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowmill::internal::{Isa, Kernel, MOST_ESCAPED};

fuzz_target!(|data: &[u8]| {
    let Some((&[start, end], from)) = data.split_first_chunk() else { return };
    let start = usize::from(start).min(from.len());
    let end = (from.len() - usize::from(end).min(from.len())).max(start);
    // Latin-1 has a character for each byte; what is not ASCII stands as it is.
    let mut expected = Vec::new();
    for &byte in &from[start..end] {
        match byte {
            0x80.. => expected.push(byte),
            _ => {
                let json = serde_json::to_string(&char::from(byte)).expect("a string");
                expected.extend_from_slice(&json.as_bytes()[1..json.len() - 1]);
            }
        }
    }
    for kernel in Isa::ALL.into_iter().filter_map(Kernel::new) {
        // The least room that is asked for.
        let mut to = vec![0; MOST_ESCAPED * (end - start) + 64];
        let written = kernel.escape(from, start, end, &mut to);
        assert_eq!(
            to[..written].escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{kernel:?}"
        );
        if let Ok(text) = std::str::from_utf8(&from[start..end]) {
            let json = serde_json::to_string(text).expect("a string");
            assert_eq!(&to[..written], &json.as_bytes()[1..json.len() - 1], "{kernel:?}");
        }
    }
});
