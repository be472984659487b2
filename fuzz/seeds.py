#!/usr/bin/env python3
"""Fills fuzz/corpus with the fixtures, each behind the heads under which it is worth reading (see tests/it/head.rs)."""

import base64
import json
from pathlib import Path

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"

HEADS = json.loads((HERE.parent / "tests/it/heads.json").read_text())


def inputs():
    for path in sorted(FIXTURES.glob("*/*.*sv")):
        if path.stat().st_size <= 1024:
            yield path.parent.name + "-" + path.name, path.read_bytes()
    for number, line in enumerate((FIXTURES / "conformance/cases.jsonl").read_text().splitlines()):
        yield f"case-{number}", base64.b64decode(json.loads(line)["csv_base64"])


def main():
    # A head of the dialect alone has no rules.
    shapes = [head.ljust(16, "0") for head in HEADS["shapes"].values()]
    weaves = list(HEADS["weaves"].values())
    heads = {"reference": shapes, "invariance": shapes, "escape": ["0000"], "weave": weaves,
             "presets": [f"0{which}{odd}00000000" for which in range(5) for odd in ("00", "01", "0b")]}
    for target, all_heads in heads.items():
        corpus = HERE / "corpus" / target
        corpus.mkdir(parents=True, exist_ok=True)
        for name, data in inputs():
            for head in all_heads:
                (corpus / f"{name}-{head}").write_bytes(bytes.fromhex(head) + data)
    corpus = HERE / "corpus/zip"
    corpus.mkdir(parents=True, exist_ok=True)
    for path in (HERE.parent / "tests/it/archives").glob("*.zip"):
        (corpus / path.name).write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
