#!/usr/bin/env python3
"""Measures how long a record takes through a live pipe: from its write to the read of its line.

    python3 benches/latency.py target/release/rowmill                 1, 100 and 10,000 records a second, 1,000 of each
    python3 benches/latency.py target/release/rowmill --rates 100 --records 500

A row is the rate, the median and the worst in milliseconds, and the processor time of the program as a share of the
time that passed. The records are written one by one, each by a call of its own, by a thread that sleeps until its time.
"""

import argparse
import os
import resource
import statistics
import subprocess
import threading
import time


def measure(program, rate, n):
    """Seconds of each record, and the share of a processor that the program took."""
    child = subprocess.Popen([program, "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    sent, seconds = [0.0] * n, []

    def write():
        os.write(child.stdin.fileno(), b"number,text\n")
        time.sleep(0.2)  # The beginning is not what is measured.
        begun = time.perf_counter()
        for i in range(n):
            time.sleep(max(0, begun + i / rate - time.perf_counter()))
            sent[i] = time.perf_counter()
            os.write(child.stdin.fileno(), b"%d,some text of a record\n" % i)
        child.stdin.close()

    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    writer = threading.Thread(target=write)
    writer.start()
    for i, _ in enumerate(os.fdopen(os.dup(child.stdout.fileno()), "rb", buffering=1 << 16)):
        seconds.append(time.perf_counter() - sent[i])
    writer.join()
    assert child.wait() == 0 and len(seconds) == n, f"{len(seconds)} records of {n}"
    after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    return seconds, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / passed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--rates", default="1,100,10000", help="records a second, separated by commas")
    parser.add_argument("--records", type=int, default=1000, help="of each rate")
    args = parser.parse_args()
    print("| a second | median ms | worst ms | processor |\n| --- | --- | --- | --- |")
    for rate in map(float, args.rates.split(",")):
        seconds, share = measure(args.program, rate, args.records)
        print(f"| {rate:,.0f} | {statistics.median(seconds) * 1e3:.1f} | {max(seconds) * 1e3:.1f} | {share:.2%} |", flush=True)


if __name__ == "__main__":
    main()
