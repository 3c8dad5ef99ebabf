"""`goldsieve serve` under many clients, beside the same answers judged locally.

    python benchmarks/bench_serve.py [--rows 100000] [--programs 1000] [--clients 200]

Answers of mathematics and programs, none of them equal, are judged twice in one run,
each time without any verdict from before: by a grader in this process, and by a server
in a process of its own, which all clients ask at once, `--batch` rows in a request.
The clients run on the same cores as the server and its workers, and their share is in
its figure; on machines of their own it would not be. It fails where a verdict is lost
or differs.
"""

import argparse
import os
import random
import resource
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from statistics import quantiles
from typing import TypeVar

from pipeline.grading.remote import remote_grader
from pipeline.grading.workers import Answer, Grader, grader
from pipeline.verifiers.contract import Verdict
from tests.support.served import ADD_ONE, served

T = TypeVar("T")
TEXT = "First we write down what is known, and then we solve for the unknown. " * 8
PROGRAM = "```python\nn = int(input())\nprint(n + {})\n# {}\n```"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=100_000)
    add("--programs", type=int, default=1000, help="of the rows")
    add("--clients", type=int, default=200)
    add("--batch", type=int, default=50)
    given = parser.parse_args()
    rows = make_rows(given.rows, given.programs)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GOLDSIEVE_CACHE"] = f"{folder}/here"
        with grader(20) as grade:
            grade([make_row(-1, is_program) for is_program in (True, False)])
            here, here_s = timed(lambda: grade(rows))
        with served("--queue", "200000", GOLDSIEVE_CACHE=f"{folder}/there") as server:
            there, there_s, waited = ask_at_once(
                server.url, rows, given.clients, given.batch
            )
            made = server.metric("goldsieve_verdicts_total")
    lost = sum(verdict is None for verdict in there)
    differ = sum(a != b for a, b in zip(here, there, strict=True))
    print(f"{len(rows):,} rows, {given.programs:,} of them programs; ", end="")
    print(f"correct: {dict(Counter(v.correct for v in here))}")
    print(f"local             {len(rows) / here_s:8,.0f} verdicts/s {here_s:7.1f} s")
    print(
        f"{given.clients:4} clients      {len(rows) / there_s:8,.0f} verdicts/s ",
        end="",
    )
    print(f"{there_s:7.1f} s, {here_s / there_s:.2f} of local")
    half, most = (quantiles(waited, n=100)[at - 1] for at in (50, 99))
    print(
        f"a request of {given.batch} rows: {half:.2f} s in the median, p99 {most:.2f}"
    )
    print(f"made by the server {made:,.0f}; lost {lost}; other than local {differ}")
    print(f"peak of this process {peak_mb():,.0f} MB")
    if lost or differ:
        raise SystemExit(1)


def make_rows(count: int, programs: int) -> list[Answer]:
    """Rows in an order that mixes programs with mathematics."""
    is_program = [number < programs for number in range(count)]
    random.Random(0).shuffle(is_program)
    return [make_row(number, each) for number, each in enumerate(is_program)]


def make_row(number: int, is_program: bool) -> Answer:
    """A row unlike all others; every third is wrong."""
    off = int(number % 3 == 0)
    if is_program:
        program = PROGRAM.format(1 + off, number)
        return Answer("code", None, ADD_ONE, program)
    gold, written = [
        (str(number), str(number + off)),
        (rf"\frac{{{number}}}{{8}}", f"{(number + off) / 8}"),
        (f"x^2+{number}x", f"x(x+{number + off})"),
        (f"({number}, 2]", f"({number + off}, 2]"),
    ][number % 4]
    return Answer("math", gold, "{}", rf"{TEXT}So it is \boxed{{{written}}}.")


def ask_at_once(
    url: str, rows: list[Answer], clients: int, batch: int
) -> tuple[list[Verdict | None], float, list[float]]:
    """Verdicts in the order of the rows; seconds of all and of each request."""
    verdicts: list[Verdict | None] = [None] * len(rows)
    waited: list[float] = []
    ready = threading.Barrier(clients + 1)

    def ask(client: int, grade: Grader) -> None:
        ready.wait()
        for start in range(client * batch, len(rows), clients * batch):
            part = slice(start, min(start + batch, len(rows)))
            verdicts[part], seconds = timed(partial(grade, rows[part]))
            waited.append(seconds)

    with ExitStack() as stack, ThreadPoolExecutor(clients) as threads:
        graders = [stack.enter_context(remote_grader(url)) for _ in range(clients)]
        asked = [threads.submit(ask, *each) for each in enumerate(graders)]
        ready.wait()
        _, seconds = timed(lambda: [each.result() for each in asked])
    return verdicts, seconds, waited


def timed(run: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    return run(), time.perf_counter() - start


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
