#!/usr/bin/env python3
"""Runs a peer that is a Python package: `engines.py NAME INPUT OUTPUT THREADS [JOB]`. Used by run.py, in the peers' own environment.

The job `plain`: take every value as a string, keep `""`, the rows' order and newlines in quotes, and write one file: what rowmill
does. `masked`: the same, the column `email` masked as rowmill's `--mask email` does. `typed`: the same, `id` an integer and `balance`
a float. `inferred`: whatever types the engine finds by itself. How it comes otherwise is in the comments. The last line on stderr is
the seconds of the call alone, without the interpreter's start and the import: a library is used from programs that run already.
Advice for maintainers: a new version may rename an option; run.py holds every result against rowmill's, so a setting that has
stopped working shows as "wrong".
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


def types(path, text, integer, real):
    """The type of each column, as the engine names it."""
    return {name: {"id": integer, "balance": real}.get(name, text) for name in columns(path)}


def duckdb(path, output, threads, job):
    import duckdb

    # By itself it guesses types from the first rows and takes an empty value for NULL; it keeps the order by itself, and is
    # told so.
    named = types(path, "VARCHAR", "BIGINT", "DOUBLE") if job == "typed" else dict.fromkeys(columns(path), "VARCHAR")
    wanted = ", ".join(f"{quoted(name)}: '{kind}'" for name, kind in named.items())
    options = (f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '\x01', columns = {{{wanted}}}"
               if job != "inferred" else "header = true")
    masked = ("CASE WHEN email = '' THEN '' WHEN contains(email, '@') THEN left(split_part(email, '@', 1), 1) || '***' || "
              "substr(email, strpos(email, '@')) ELSE left(email, 1) || '***' END")
    what = f"* REPLACE ({masked} AS email)" if job == "masked" else "*"
    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET preserve_insertion_order = true")
    query = f"COPY (SELECT {what} FROM read_csv({quoted(path)}, {options})) TO {quoted(output)} (FORMAT json)"
    return lambda: connection.execute(query)


def polars(path, output, threads, job):
    import os
    os.environ["POLARS_MAX_THREADS"] = str(threads)  # Read at the import.
    import polars

    def call():
        # By itself it guesses types and takes an empty value for null.
        if job == "inferred":
            frame = polars.scan_csv(path)
        elif job == "typed":
            frame = polars.scan_csv(path, schema=types(path, polars.String, polars.Int64, polars.Float64), empty_string_is_null=False)
        else:
            frame = polars.scan_csv(path, infer_schema=False, empty_string_is_null=False)
        if job == "masked":
            email = polars.col("email")
            frame = frame.with_columns(polars.when(email == "").then(email).otherwise(email.str.replace("^([^@]?)[^@]*", "${1}***")))
        frame.sink_ndjson(output)
    return call


def datafusion(path, output, threads, job):
    import datafusion
    import pyarrow

    # By itself it cuts the file by bytes, which shuffles the rows and breaks newlines in quotes; with one scan it reads on one
    # thread and encodes on others. An empty value is null unless a pattern that fits none says otherwise.
    config = (datafusion.SessionConfig().with_target_partitions(threads).with_repartition_file_scans(False)
              .set("datafusion.optimizer.enable_round_robin_repartition", "false"))
    context = datafusion.SessionContext(config)
    if job == "inferred":
        options = datafusion.CsvReadOptions(newlines_in_values=True)
    else:
        text, integer, real = pyarrow.string(), pyarrow.int64(), pyarrow.float64()
        named = types(path, text, integer, real) if job == "typed" else dict.fromkeys(columns(path), text)
        options = datafusion.CsvReadOptions(schema=pyarrow.schema(list(named.items())), newlines_in_values=True, null_regex="^\x01$")
    single = datafusion.DataFrameWriteOptions(single_file_output=True)

    def call():
        frame = context.read_csv(path, options=options)
        if job == "masked":
            masked = ("CASE WHEN email = '' THEN '' WHEN strpos(email, '@') > 0 THEN left(split_part(email, '@', 1), 1) || '***' || "
                      "substr(email, strpos(email, '@')) ELSE left(email, 1) || '***' END")
            context.register_table("people", frame)
            wanted = ", ".join(f"{masked} AS email" if name == "email" else f'"{name}"' for name in columns(path))
            frame = context.sql(f"SELECT {wanted} FROM people")
        frame.write_json(output, single)
    return call


def chdb(path, output, threads, job):
    import chdb

    # By itself it guesses types, trims, and writes \/ for every slash.
    named = types(path, "String", "Int64", "Float64") if job == "typed" else dict.fromkeys(columns(path), "String")
    wanted = ", ".join(f"`{name}` {kind}" for name, kind in named.items())
    source = (f"file({quoted(path)}, 'CSVWithNames')" if job == "inferred" else
              f"file({quoted(path)}, 'CSVWithNames', {quoted(wanted)})")
    masked = ("multiIf(email = '', '', position(email, '@') > 0, concat(if(startsWith(email, '@'), '', substringUTF8(email, 1, 1)), "
              "'***', substring(email, position(email, '@'))), concat(substringUTF8(email, 1, 1), '***'))")
    what = f"* REPLACE ({masked} AS email)" if job == "masked" else "*"
    # By itself it takes dates for times, which changes how they are written. With an expression to compute, several threads shuffle the
    # rows; parsing and writing are parallel all the same.
    pace = f"max_threads = {1 if job == 'masked' else threads}, max_parsing_threads = {threads}"
    query = (f"SELECT {what} FROM {source} "
             f"INTO OUTFILE {quoted(output)} TRUNCATE FORMAT JSONEachRow SETTINGS {pace}, "
             "input_format_csv_empty_as_default = 0, input_format_csv_trim_whitespaces = 0, "
             "input_format_parallel_parsing = 1, output_format_parallel_formatting = 1, "
             "max_insert_threads = 1, preferred_block_size_bytes = 0, input_format_try_infer_datetimes = 0, "
             "output_format_json_escape_forward_slashes = 0")
    return lambda: chdb.query(query)


if __name__ == "__main__":
    engine, path, output, threads, *job = sys.argv[1:]
    call = {"duckdb": duckdb, "polars": polars, "datafusion": datafusion, "chdb": chdb}[engine](
        path, output, int(threads), job[0] if job else "plain")
    began = time.perf_counter()
    call()
    print(time.perf_counter() - began, file=sys.stderr)
