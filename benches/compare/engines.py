#!/usr/bin/env python3
"""Runs a peer that is a Python package: `engines.py NAME INPUT OUTPUT THREADS`. Used by run.py, in the peers' own environment.

Each is told to take every value as a string, to keep `""`, the rows' order and newlines in quotes, and to write one file: what
rowmill does. How it comes otherwise is in the comments. The last line on stderr is the seconds of the call alone, without
the interpreter's start and the import: a library is used from programs that run already. Advice: a new version may
rename an option; run.py holds every result against rowmill's, so a setting that has stopped working shows as "wrong".
"""

import csv
import sys
import time


def columns(path):
    with open(path, newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def quoted(text):
    """A string in SQL."""
    return "'" + text.replace("'", "''") + "'"


def duckdb(path, output, threads):
    import duckdb

    # By itself it guesses types from the first rows and takes an empty value for NULL; it keeps the order by itself, and is
    # told so.
    wanted = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in columns(path))
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET preserve_insertion_order = true")
    query = (f"COPY (SELECT * FROM read_csv({quoted(path)}, auto_detect = false, header = true, delim = ',', quote = '\"', "
             f"escape = '\"', nullstr = '\x01', columns = {{{wanted}}})) TO {quoted(output)} (FORMAT json)")
    return lambda: connection.execute(query)


def polars(path, output, threads):
    import os
    os.environ["POLARS_MAX_THREADS"] = str(threads)  # Read at the import.
    import polars

    # By itself it guesses types and takes an empty value for null.
    return lambda: polars.scan_csv(path, infer_schema=False, empty_string_is_null=False).sink_ndjson(output)


def datafusion(path, output, threads):
    import datafusion
    import pyarrow

    # By itself it cuts the file by bytes, which shuffles the rows and breaks newlines in quotes; with one scan it reads on one
    # thread and encodes on others. An empty value is null unless a pattern that fits none says otherwise.
    config = (datafusion.SessionConfig().with_target_partitions(threads).with_repartition_file_scans(False)
              .set("datafusion.optimizer.enable_round_robin_repartition", "false"))
    context = datafusion.SessionContext(config)
    schema = pyarrow.schema([(name, pyarrow.string()) for name in columns(path)])
    options = datafusion.CsvReadOptions(schema=schema, newlines_in_values=True, null_regex="^\x01$")
    single = datafusion.DataFrameWriteOptions(single_file_output=True)
    return lambda: context.read_csv(path, options=options).write_json(output, single)


def chdb(path, output, threads):
    import chdb

    # By itself it guesses types, trims, and writes \/ for every slash.
    wanted = ", ".join(f"`{name}` String" for name in columns(path))
    query = (f"SELECT * FROM file({quoted(path)}, 'CSVWithNames', {quoted(wanted)}) "
             f"INTO OUTFILE {quoted(output)} TRUNCATE FORMAT JSONEachRow SETTINGS max_threads = {threads}, "
             "input_format_csv_empty_as_default = 0, input_format_csv_trim_whitespaces = 0, "
             "input_format_parallel_parsing = 1, output_format_parallel_formatting = 1, "
             "max_insert_threads = 1, preferred_block_size_bytes = 0, "
             "output_format_json_escape_forward_slashes = 0")
    return lambda: chdb.query(query)


if __name__ == "__main__":
    engine, path, output, threads = sys.argv[1:]
    call = {"duckdb": duckdb, "polars": polars, "datafusion": datafusion, "chdb": chdb}[engine](
        path, output, int(threads))
    began = time.perf_counter()
    call()
    print(time.perf_counter() - began, file=sys.stderr)
