//! Ranges of random inputs in random dialects, those of `reference.rs`, join to the whole. The
//! library converts them, since a process for each range would take hours.

use std::num::NonZero;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::select;
use rowmill::internal::Io;
use rowmill::{Anomaly, Builder, Format, Input, PlanBy, Planned, Range, Summary};

use crate::harness::Place;
use crate::library::{How, builder, collect};
use crate::model::Shape;
use crate::reference::{config, input, shape};

/// One way of reading.
type Way = (usize, Option<usize>, Io);

fn way() -> impl Strategy<Value = Way> {
    (
        select(vec![1, 2, 7]),
        select(vec![None, Some(1), Some(3), Some(64), Some(4096)]),
        select(vec![Io::Mmap, Io::Read]),
    )
}

fn set(shape: &Shape, (threads, window, io): Way, format: Format) -> Builder {
    builder(shape, &How { threads, window, ..How::default() }, io).format(format)
}

fn plan(builder: &Builder, path: &Path, n: usize) -> rowmill::Result<Planned> {
    builder.clone().build()?.plan(Input::path(path), PlanBy::Count(NonZero::new(n).unwrap()))
}

fn convert(builder: &Builder, path: &Path, range: Option<Range>) -> rowmill::Result<(Vec<u8>, Summary)> {
    let builder = match range {
        Some(range) => builder.clone().range(range),
        None => builder.clone(),
    };
    collect(&builder.build()?, Input::path(path))
}

/// What the ranges came to is what the whole did.
fn sum_up(whole: &Summary, ranges: &[Summary]) {
    let sum = |of: fn(&Summary) -> u64| (of(whole), ranges.iter().map(of).sum::<u64>());
    for (whole, all) in
        [sum(|s| s.records), sum(|s| s.blank_records), sum(|s| s.bytes_in), sum(|s| s.n_header_repairs)]
    {
        assert_eq!(all, whole);
    }
    let multiline = |summary: &Summary| summary.multiline.as_ref().map_or(0, |multiline| multiline.count);
    assert_eq!(ranges.iter().map(multiline).sum::<u64>(), multiline(whole));
    let first = |summary: &Summary| summary.multiline.clone().map(|multiline| multiline.first);
    assert_eq!(ranges.iter().find_map(first), first(whole));
    for anomaly in Anomaly::ALL {
        let all: u64 = ranges.iter().map(|summary| summary.count(anomaly)).sum();
        assert_eq!(all, whole.count(anomaly), "{}", anomaly.name());
        let first = |summary: &Summary| {
            summary.anomalies.iter().find(|(kind, _)| *kind == anomaly).map(|(_, count)| count.first.clone())
        };
        assert_eq!(ranges.iter().find_map(first), first(whole), "the first place of {}", anomaly.name());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: config().cases / 4, ..config() })]

    #[test]
    fn ranges_are_the_whole(
        bytes in input(),
        shape in shape(),
        n in 1usize..12,
        format in select(Format::ALL.to_vec()),
        (plans, whole, parts) in (way(), way(), way()),
        numbered in any::<bool>(),
    ) {
        // Such a file would be decoded.
        prop_assume!(!bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff"));
        let shape = Shape { limit: None, ..shape };
        prop_assume!(!shape.swallows(&shape.by_hand(&bytes)));
        let place = Place::new();
        let path = place.write("in.csv", &*bytes);
        let planned = plan(&set(&shape, plans, format), &path, n).unwrap();
        let ranges: Vec<Range> = planned.ranges().collect();
        let again = plan(&set(&shape, whole, format), &path, n).unwrap();
        prop_assert_eq!(&again.ranges().collect::<Vec<_>>(), &ranges, "a plan depends on the bytes alone");

        prop_assert!(!ranges.is_empty() && ranges.len() <= n && ranges.len() == planned.n_ranges());
        prop_assert_eq!((ranges[0].start, ranges[ranges.len() - 1].end), (0, bytes.len() as u64));
        prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start && pair[0].start < pair[0].end));

        let (expected, told) = convert(&set(&shape, whole, format), &path, None).unwrap();
        // A quarter of all shapes is without quotes: their numbers count from the range's start.
        let counted = planned.is_counted();
        prop_assert_eq!(counted, shape.quote.is_some() || shape.escape.is_some());
        let mut output = Vec::new();
        let mut summaries = Vec::new();
        for range in &ranges {
            let asked = if numbered { *range } else { Range::new(range.start, range.end) };
            let (part, summary) = convert(&set(&shape, parts, format), &path, Some(asked)).unwrap();
            if counted {
                prop_assert_eq!(range.records, Some(summary.records));
                prop_assert!(ranges.len() == 1 || summary.records > 0);
            }
            output.extend(part);
            summaries.push(summary);
        }
        prop_assert!(output == expected, "{}\n{}", output.escape_ascii(), expected.escape_ascii());
        if counted {
            sum_up(&told, &summaries);
        }
    }

    /// Whatever is accepted is right, and what is accepted as a start is as an end.
    #[test]
    fn any_two_bytes_are_a_range_or_refused(
        bytes in input(),
        shape in shape(),
        at in any::<prop::sample::Index>(),
        way in way(),
    ) {
        prop_assume!(!bytes.is_empty() && !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff"));
        let shape = Shape { limit: None, ..shape };
        let place = Place::new();
        let path = place.write("in.csv", &*bytes);
        let set = set(&shape, way, Format::Json);
        let (size, at) = (bytes.len() as u64, at.index(bytes.len()) as u64);
        prop_assume!(at > 0);
        let front = convert(&set, &path, Some(Range::new(0, at)));
        let back = convert(&set, &path, Some(Range::new(at, size)));
        prop_assert_eq!(front.is_ok(), back.is_ok(), "{:?} {:?}", front.err(), back.err());
        if let (Ok((front, _)), Ok((back, _))) = (front, back) {
            let (whole, _) = convert(&set, &path, None).unwrap();
            let both = [front, back].concat();
            prop_assert!(both == whole, "{}\n{}", both.escape_ascii(), whole.escape_ascii());
        }
    }
}
