"""Converts one file on a Spark cluster: rowmill cuts it, Spark hands out the ranges, rowmill checks that every part is there once.

    spark-submit convert.py /shared/dump.csv /shared/parts --ranges 128 --worker="--compress zstd" -- --infer --mask email

The file and the folder are on a file system that all machines share under one name, and `rowmill` is on the path of each (or $ROWMILL says
where). What follows `--` shapes the result; what stands in --worker does not. A task that fails, an executor that dies and a speculative
second attempt do no harm: run it again, and only what is missing is done. `spark.read.json(folder)` reads the result, as all else
in the folder begins with `_`.
"""

import argparse
import os
import pathlib
import shlex
import subprocess
import sys

from pyspark.sql import SparkSession


def convert(spark, dump, folder, ranges, worker, options):
    context = spark.sparkContext
    rowmill = os.environ.get("ROWMILL", "rowmill")
    folder = pathlib.Path(folder).absolute()
    folder.mkdir(exist_ok=True)
    plan, heard = folder / "_plan.jsonl", folder / "_receipts.jsonl"
    with plan.open("w") as file:
        subprocess.run([rowmill, "plan", "-q", dump, "--ranges", str(ranges), *options], stdout=file, check=True)
    lines = plan.read_text().splitlines()
    # Each task has so many cores; `pipe` starts the program with no other environment than this.
    threads = context.getConf().get("spark.task.cpus", "1")
    command = shlex.join([rowmill, "worker", "-o", str(folder), "-j", threads, *shlex.split(worker)])
    tasks = context.parallelize(lines, max(len(lines), 1))
    receipts = tasks.pipe(command, env={"PATH": os.environ["PATH"]}, checkCode=True).collect()
    heard.write_text("".join(receipt + "\n" for receipt in receipts))
    subprocess.run([rowmill, "verify", plan, heard, "-o", folder], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dump", help="the file")
    parser.add_argument("folder", help="where the parts go")
    parser.add_argument("--ranges", type=int, required=True, help="a few for each core of the cluster")
    parser.add_argument("--worker", default="", help="further arguments of each worker")
    parser.epilog = "What follows -- shapes the result."
    typed = [*sys.argv[1:], "--"]
    own = typed.index("--")
    args = parser.parse_args(typed[:own])
    session = SparkSession.builder.appName("rowmill").getOrCreate()
    convert(session, args.dump, args.folder, args.ranges, args.worker, typed[own + 1 : -1])
