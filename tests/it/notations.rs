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

/// Commas and blanks within a rule are its own, and a quoted name may have both.
#[test]
fn rules_are_typed_in_lists() {
    let place = Place::new();
    place.write("in.csv", "\"a,b\",when,c=d,x (y\n\"1,5\",\"Thu, 05 Mar 2026\",05.03.2026,7\n");
    let run = |types: &str| place.rowmill().args(["-q", "in.csv", "--type", types]).out();
    let all = "\"a,b\"=float(comma,thousands), when=date(%a, %d %b %Y) ,c=d=date(%d.%m.%Y),x (y=int";
    let expected = "{\"a,b\":1.5,\"when\":\"2026-03-05\",\"c=d\":\"2026-03-05\",\"x (y\":7}\n";
    run(all).expect_status(0).expect_stdout(expected);
    run(&all.replace(",c=d", "\nc=d").replace(",x (y", ",\n\nx (y")).expect_status(0).expect_stdout(expected);
    run(&all.replace("\"a,b\"=float(comma,thousands)", "\"a,b=float(comma,thousands)\""))
        .expect_status(0)
        .expect_stdout(expected);
    run("when=date(%a, %d %b %Y").expect_refusal(2, "no type is named 'date(%a, %d %b %Y'");
    run("").expect_refusal(2, "--type takes COLUMN=TYPE, not ''");
    let mask = place.rowmill().args(["in.csv", "--mask", ""]).out();
    mask.expect_refusal(1, "no column is named ''");
}
