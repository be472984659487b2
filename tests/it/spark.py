"""What `spark.rs` has Spark do: benches/spark/convert.py as it stands, then the parts read by Spark, the file by Python."""

import csv
import json
import runpy
import sys

script, dump, folder, ranges, worker = sys.argv[1:]
sys.argv = [script, dump, folder, "--ranges", ranges, "--worker", worker, "--", "--type", "n=int"]
runpy.run_path(script, run_name="__main__")

from pyspark.sql import SparkSession, functions

table = SparkSession.builder.getOrCreate().read.json(folder)
row = table.agg(functions.count("*"), functions.sum("n"), functions.sum(functions.length("text"))).first()
with open(dump, newline="", encoding="utf-8") as file:
    records = [(int(record["n"]), len(record["text"])) for record in csv.DictReader(file)]
print(json.dumps({
    "columns": table.columns,
    "spark": list(row),
    "python": [len(records), sum(n for n, _ in records), sum(length for _, length in records)],
}))
