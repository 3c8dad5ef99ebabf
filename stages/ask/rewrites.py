"""Columns whose values a question may replace: the original stays beside them.

All that is rewritten in a row comes from one vote, so that a new problem and its new
answer belong together. A vote is taken if enough of all votes agree with it in every
field that is rewritten, and if none of these is empty: a model that cannot rewrite a
problem says so by leaving it empty.
"""

import json
from typing import Any

import polars as pl

from pipeline.text import fingerprint
from stages.ask.questions import Poll
from stages.ask.votes import Votes


def choose_vote(votes: Votes, summary: dict[str, Any], poll: Poll) -> dict[str, str]:
    """New values by column, of the first vote that is agreed on, or none."""
    fields = set(poll.rewrite.values())
    if any(summary[f"{field}_share"] < poll.agree for field in fields):
        return {}
    for vote in votes:
        if isinstance(vote, dict) and all(vote[f] == summary[f] for f in fields):
            texts: dict[str, str] = {}
            texts |= {column: _text(vote[f]) for column, f in poll.rewrite.items()}
            return texts | dict(poll.set) if all(texts.values()) else {}
    return {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else json.dumps(value)


def rewrite(
    rows: pl.DataFrame, values: dict[int, dict[str, str]], poll: Poll
) -> pl.DataFrame:
    """`rows` with new `values`, by row number and column, and what they replace.

    Adds `<column>_before`: what the source had, null where nothing was replaced. `key`
    follows the problem.
    """
    for column in (*poll.rewrite, *poll.set):
        before = f"{column}_before"
        texts = [values.get(i, {}).get(column) for i in range(rows.height)]
        new = pl.lit(pl.Series(texts, dtype=pl.String))
        old = pl.when(new.is_not_null()).then(column)
        known = [before] if before in rows.columns else []
        rows = rows.with_columns(
            pl.coalesce(*known, old).alias(before),
            pl.coalesce(new, column).alias(column),
        )
        if column == "problem":
            follows = pl.when(new.is_not_null()).then(fingerprint(pl.col("problem")))
            rows = rows.with_columns(key=pl.coalesce(follows, "key"))
    return rows
