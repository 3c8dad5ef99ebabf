"""Whether a program is Python: parsed in the sandbox, where it cannot hurt, never run.

Even a parser can be brought down by what it reads, so many programs share a sandbox,
and one that ends it is not Python; the rest goes on in the next one.
"""

import json
from itertools import accumulate, islice, takewhile

import polars as pl

from pipeline.sandbox.contract import Limits
from pipeline.sandbox.guests import guest_source
from pipeline.sandbox.run import run_python

# Characters of the programs that share a sandbox: seconds of its minute, so that one
# that ends it has done so by itself.
BATCH = 1 << 19
LIMITS = Limits(cpu_s=60, step_s=10, memory_mb=1024)


def find_parsable(programs: pl.Series) -> pl.Series:
    """Whether each program parses; null for null. UserError where no sandbox is."""
    texts = programs.drop_nulls().unique(maintain_order=True).to_list()
    verdicts: list[bool] = []
    while len(verdicts) < len(texts):
        verdicts += _parse(_next_batch(texts, len(verdicts)))
    known = pl.DataFrame({"text": texts, "parses": verdicts})
    known = known.cast({"text": pl.String, "parses": pl.Boolean})
    table = pl.DataFrame({"text": programs.cast(pl.String)})
    return table.join(known, on="text", how="left", maintain_order="left")["parses"]


def _next_batch(programs: list[str], start: int) -> list[str]:
    """The programs from `start` on that share a sandbox, one at least."""
    sizes = accumulate(map(len, islice(programs, start, None)))
    count = sum(1 for _ in takewhile(lambda size: size <= BATCH, sizes))
    return programs[start : start + max(1, count)]


def _parse(programs: list[str]) -> list[bool]:
    """The verdicts of the first programs, one at least."""
    lines = json.dumps(programs).encode()
    run = run_python(guest_source("parse_python"), stdin=lines, limits=LIMITS)
    verdicts = [line == b"1" for line in run.channel.split()]
    return verdicts if len(verdicts) == len(programs) else [*verdicts, False]
