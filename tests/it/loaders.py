"""Prints what type a loader takes each column of a file of JSON Lines for: `name type`, a line each."""

import sys

loader, path = sys.argv[1:]
FAMILIES = {
    "list": ("[]", "list", "array", "object"), "timestamp": ("timestamp", "datetime"), "date": ("date",),
    "int": ("bigint", "hugeint", "int64"), "float": ("double", "float64"), "bool": ("bool",),
    "string": ("varchar", "string", "str"),
}


def family(name):
    """The first that fits: lists and timestamps name other types too."""
    name = str(name).lower()
    return next((family for family, parts in FAMILIES.items() if any(part in name for part in parts)), name)


if loader == "duckdb":
    import duckdb
    types = {row[0]: row[1] for row in duckdb.sql(f"describe select * from read_json_auto('{path}')").fetchall()}
elif loader == "polars":
    import polars
    types = dict(polars.read_ndjson(path).schema)
elif loader == "pandas":
    import pandas
    types = dict(pandas.read_json(path, lines=True, dtype=False).convert_dtypes().dtypes)
else:
    import chdb
    rows = str(chdb.query(f"describe file('{path}', JSONEachRow)", "TSV")).splitlines()
    types = dict(row.split("\t")[:2] for row in rows)
for name, found in types.items():
    print(name, family(found))
