#!/usr/bin/env python3
"""Fills fuzz/corpus with the fixtures, each behind the heads under which it is worth reading (see targets/head.rs)."""

import base64
import json
from pathlib import Path

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"

# Plain; trimmed; trimmed with comments; headerless, single quotes; semicolons; no quotes; escapes; rejects of records
# over 40 bytes; strict.
SHAPES = ["00000000", "00600000", "00780000", "10800000", "02000000", "18600000", "c0600000", "0000c000", "0060a000"]
# Of targets/stitch.rs: three fields with much room; and trimmed, with little.
STITCHES = ["000200ff", "40020020"]


def inputs():
    for path in sorted(FIXTURES.glob("*/*.*sv")):
        if path.stat().st_size <= 1024:
            yield path.parent.name + "-" + path.name, path.read_bytes()
    for number, line in enumerate((FIXTURES / "conformance/cases.jsonl").read_text().splitlines()):
        yield f"case-{number}", base64.b64decode(json.loads(line)["csv_base64"])


def main():
    heads = {"reference": SHAPES, "invariance": SHAPES, "escape": ["0000"], "stitch": STITCHES}
    for target, all_heads in heads.items():
        corpus = HERE / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for name, data in inputs():
            for head in all_heads:
                (corpus / f"{name}-{head}").write_bytes(bytes.fromhex(head) + data)


if __name__ == "__main__":
    main()
