//! Numbers as people write them, by the thousand, against the model.

use rowmill::Type;

use crate::harness::{Numbers, Place};
use crate::model::json;

/// Texts of a few characters in any order, and some that are almost right.
#[test]
fn what_people_write_is_read_as_the_model_reads_it() {
    let place = Place::new();
    let mut random = Numbers::from_seed(5);
    let alphabet: Vec<&str> = "1 2 0 123 , . - + $ \u{20ac} \u{202f} \u{a0} ' EUR kg % e5 E-7 \u{2019}"
        .split_ascii_whitespace()
        .collect();
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..40_000 {
        let n = 1 + random.below(7);
        let piece = |random: &mut Numbers| match random.below(8) {
            0 => " ".to_owned(),
            1 => ["123", "1", "12.345", "1,5", "1.5"][random.below(5)].to_owned(),
            _ => alphabet[random.below(alphabet.len())].to_owned(),
        };
        texts.push((0..n).map(|_| piece(&mut random)).collect());
    }
    let csv = texts.iter().map(|text| format!("\"{text}\"\n")).collect::<String>();
    place.write("in.csv", "a\n".to_owned() + &csv);
    for wanted in [
        "float(comma,thousands,trailing-minus,currency)",
        "float(thousands,currency,unit=kg)",
        "int(thousands,trailing-minus)",
        "percent(comma,trailing-minus)",
        "float(comma)",
    ] {
        let _: Type = wanted.parse().unwrap();
        let kind = format!("a={wanted}");
        let out = place.rowmill().args(["-q", "--trim", "none", "--type", &kind, "in.csv"]).out();
        let lines: Vec<&str> = std::str::from_utf8(&out.stdout).unwrap().lines().collect();
        assert_eq!(lines.len(), texts.len());
        let mut n_read = 0;
        for (line, text) in lines.into_iter().zip(&texts) {
            let read = crate::rules::number(wanted, text);
            n_read += u64::from(read.is_some());
            let value = read.unwrap_or_else(|| json(text));
            assert_eq!(line, format!("{{\"a\":{value}}}"), "{wanted} {text:?}");
        }
        assert!(n_read > 100, "{wanted}: {n_read}");
    }
}
