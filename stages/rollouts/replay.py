"""Completions that somebody recorded, as if they had been sampled here.

They are matched to problems by `key`: what counts is the text of the problem, and
not where it was found. Every recording of a problem is taken, for they are paid
for. How many tokens one had, why it stopped and its seed are not known, and null.
"""

import re
import sys
from collections.abc import Iterator

import polars as pl
from pydantic import Field

from pipeline.readers import Row, Unreadable, expand, raw_rows
from pipeline.schema import ROLLOUT
from pipeline.settings import Settings
from pipeline.text import fingerprint

NAMES = ("problem", "model", "completion")


class Recording(Settings):
    """A file of completions. Columns inside others are named with dots.

    `pattern`: the problem is what the group of this regular expression matches in
    the column. `completions`: columns that hold a text or a list of texts. `model`
    names who wrote them; without it, the column's first name does.
    """

    path: str
    problem: str = "problem"
    pattern: str = ""
    completions: tuple[str, ...] = Field(default=("completion",), min_length=1)
    model: str = ""


def recorded(recordings: tuple[Recording, ...], asked: pl.DataFrame) -> pl.DataFrame:
    """ROLLOUT without ids: the recordings of the problems in `asked`, numbered."""
    found = pl.concat(map(_read, recordings))
    found = found.filter(pl.col("key").is_in(asked["key"].to_list())).with_columns(
        sample=pl.int_range(pl.len()).over("key")
    )
    print(
        f"rollouts: {found['key'].n_unique():,} of {asked.height:,} problems have "
        f"{found.height:,} recorded completions",
        file=sys.stderr,
    )
    absent = [
        pl.lit(None, ROLLOUT[name]).alias(name)
        for name in ("n_tokens", "finish_reason", "seed")
    ]
    return found.with_columns(absent)


def _read(recording: Recording) -> pl.DataFrame:
    """(problem, model, completion, key) of every completion in the file, in order."""
    path = expand(recording.path)
    rows = list(raw_rows(path))
    read = [row for row in rows if not isinstance(row, Unreadable)]
    texts = [text for row in read for text in _completions(row, recording)]
    lost = len(rows) - len(read)
    if lost:
        print(f"rollouts: {lost:,} rows of {path} cannot be read", file=sys.stderr)
    table = pl.DataFrame(texts, schema=dict.fromkeys(NAMES, pl.String), orient="row")
    return table.with_columns(key=fingerprint(pl.col("problem")))


def _completions(row: Row, recording: Recording) -> Iterator[tuple[str, str, str]]:
    problem = _at(row, recording.problem)
    if not isinstance(problem, str):
        return
    if recording.pattern:
        match = re.search(recording.pattern, problem, re.DOTALL)
        if match is None:
            return
        problem = match[1]
    for column in recording.completions:
        texts = _at(row, column)
        model = recording.model or column.partition(".")[0]
        for text in texts if isinstance(texts, list) else [texts]:
            if isinstance(text, str):
                yield problem, model, text


def _at(row: Row, name: str) -> object:
    """What `name` holds, where "a.b" is b inside a; None where there is none."""
    found: object = row
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found
