"""Says whether a result holds what it must: rowmill's against Python's `csv`, a peer's against rowmill's.

A peer's time counts only if its lines hold the same objects: the same keys in the same order, every value the same string or an equal
number, the records in the same order. How it spaces its JSON and writes its numbers is its own affair.
"""

import csv
import hashlib
import itertools
import json
import re

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
CHUNK = 1 << 20
LINES = 4096


NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


def value_of(job, key, value):
    """The JSON of a value, under a job of peers.py. Numbers keep their digits."""
    if job == "masked" and key == "email" and value:
        user, at, domain = value.partition("@")
        return encode(f"{user[:1]}***{at}{domain}")
    if (job == "typed" and key in ("id", "balance")) or job == "inferred":
        # Of people, whose fields are never in quotes.
        if NUMBER.fullmatch(value) or (job == "inferred" and value in ("true", "false", "null")):
            return value
    return encode(value)


def reference(path, job=None):
    """The lines that `path` must give, by Python's csv module. Its JSON without spaces is serde_json's, byte by byte."""
    csv.field_size_limit(1 << 30)
    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader)
        for row in reader:
            if len(row) != len(header):
                raise ValueError(f"{path}: record {reader.line_num} is not regular")
            if job:
                yield ("{" + ",".join(f"{encode(key)}:{value_of(job, key, value)}" for key, value in zip(header, row)) + "}\n").encode()
            else:
                yield (encode(dict(zip(header, row))) + "\n").encode()


def is_reference(path, result, limit, job=None):
    """What is wrong with rowmill's `result` for `path`, within the first `limit` bytes of it (None: all); None if nothing is."""
    n_bytes, n_records = 0, 0
    lines = reference(path, job)
    with open(result, "rb") as file:
        while wanted := b"".join(itertools.islice(lines, LINES)):
            got = file.read(len(wanted))
            if got != wanted:
                pairs = enumerate(zip(got.splitlines(), wanted.splitlines()))
                at = next((i for i, (a, b) in pairs if a != b), 0)
                return f"differs from Python's csv at record {n_records + at + 1}"
            n_bytes, n_records = n_bytes + len(got), n_records + got.count(b"\n")
            if limit and n_bytes >= limit:
                return None
        return "more records than Python's csv has" if file.read(1) else None


def same_bytes(a, b):
    with open(a, "rb") as a, open(b, "rb") as b:
        while True:
            one, other = a.read(CHUNK), b.read(CHUNK)
            if one != other:
                return False
            if not one:
                return True


def difference(peer, ours):
    """What is wrong with the peer's result, ours being right; None if nothing is."""
    if same_bytes(peer, ours):
        return None
    with open(peer, "rb") as peers, open(ours, "rb") as lines:
        for number, (got, wanted) in enumerate(itertools.zip_longest(peers, lines), 1):
            if got == wanted:
                continue
            if got is None or wanted is None:
                return f"{'fewer' if got is None else 'more'} records: {number - 1} in common"
            try:
                value = json.loads(got, object_pairs_hook=list)
            except ValueError:
                return f"record {number} is not JSON"
            must = json.loads(wanted, object_pairs_hook=list)
            if not same(value, must):
                return explain(value, must, number, peer, ours)
    return None


def same(value, must):
    """Whether two objects, as lists of pairs, are the same. Of Python's values, True is equal to 1 and 1 to 1.0; in JSON only 1 and 1.0 are equal."""
    return value == must and not any((got is True or got is False) != (wanted is True or wanted is False)
                                     for (_, got), (_, wanted) in zip(value, must))


def explain(value, must, number, peer, ours):
    if not isinstance(value, list) or [key for key, _ in value] != [key for key, _ in must]:
        return f"other keys in record {number}"
    if disordered(peer, ours):
        return "the records in another order"
    key, got, wanted = next((key, got, wanted) for (key, got), (_, wanted) in zip(value, must)
                            if not same([(key, got)], [(key, wanted)]))
    short = [text if len(text) <= 40 else text[:40] + "…" for text in (encode(got), encode(wanted))]
    return f"`{key}` of record {number} is {short[0]}, not {short[1]}"


def disordered(peer, ours):
    """Whether both hold the same lines in some order."""
    sums = []
    for path in (peer, ours):
        total = 0
        with open(path, "rb") as lines:
            for line in lines:
                try:
                    line = encode(dict(json.loads(line, object_pairs_hook=list))).encode()
                except (ValueError, TypeError):
                    return False
                total += int.from_bytes(hashlib.blake2b(line, digest_size=8).digest(), "little")
        sums.append(total)
    return sums[0] == sums[1]
