"""Drop problems that already appeared, word for word.

Two rows hold the same problem when their `key` is equal. The first one stays,
so `pool.order` should list the most trusted source first.

A copy with another answer gets a reason of its own. Both kinds are dropped,
but their ratio tells how far the sources disagree about the gold answers.

Reasons: `exact_duplicate`, `exact_duplicate_other_answer`.
"""

import polars as pl

from pipeline.settings import Settings
from pipeline.text import clean
from pipeline.verdict import drop


class Params(Settings):
    """Nothing to set: equality has no threshold."""


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark every row whose key an earlier row has; `twin` is that row."""
    answer = clean(pl.col("answer"))
    first = pl.col("id").first().over("key")
    first_answer = answer.first().over("key")

    is_copy = pl.col("id") != first
    disagrees = answer != first_answer
    answers = pl.struct(answer=answer, kept_answer=first_answer).struct.json_encode()

    rows = drop(
        rows,
        is_copy & disagrees,
        "exact_duplicate_other_answer",
        twin=first,
        evidence=answers,
    )
    return drop(rows, is_copy, "exact_duplicate", twin=first)
