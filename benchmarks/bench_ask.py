"""Questions about many rows: what putting them costs, and what answers that are kept.

    python benchmarks/bench_ask.py --rows 10000 --votes 1

The model is a server in this process that answers at once: its cost is in the first
line, and what a real model needs comes on top.
"""

import argparse
import os
import random
import time
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from pipeline.filter import run_stage
from stages import ask
from tests.support.judge_server import serving
from tests.support.rows import problems

WORDS = ["find", "the", "sum", "of", "all", "x^2", "prime", "numbers", "below", "n"]
REPLY = '{"reason": "It states one task.", "valid": true}'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--votes", type=int, default=1)
    options = parser.parse_args()
    luck = random.Random(0)
    texts = [
        f"{i}: {' '.join(luck.choices(WORDS, k=60))}?" for i in range(options.rows)
    ]
    rows = problems(*texts)
    table = Table("run", "seconds", "CPU seconds", "requests", title="questions")
    with TemporaryDirectory() as cache, serving(lambda body: REPLY) as server:
        os.environ["GOLDSIEVE_CACHE"] = cache
        question = {"prompt": "valid.md", "votes": options.votes, "temperature": 0.7}
        endpoint = {"url": server.url, "model": "m"}
        params = ask.Params.model_validate(
            {"endpoint": endpoint, "questions": {"valid": question}}
        )
        for run in ("asked", "kept", "kept again"):
            before, start, used = len(server.requests), time.time(), time.process_time()
            kept = run_stage(ask, rows, params).kept
            assert kept.height == options.rows
            table.add_row(
                run,
                f"{time.time() - start:.2f}",
                f"{time.process_time() - used:.2f}",
                f"{len(server.requests) - before:,}",
            )
    Console().print(table)


if __name__ == "__main__":
    main()
