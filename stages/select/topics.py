"""Draw problems topic by topic, so that none of them crowds out the others (s1).

Some rows stay whatever is drawn. Then a topic is drawn, and of its problems one: each
half as likely as the one before it, the longest trace being the first. A topic whose
problems are used up is no longer drawn.
"""

from math import log2
from typing import TYPE_CHECKING

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.sql import decide, evaluate, measure

if TYPE_CHECKING:
    import numpy as np

SETTING = "select.topics"


class Draw(Settings):
    """Draw until there are so many rows; topics by weight, or all alike without."""

    until: int = Field(ge=0)
    weights: dict[str, float] = Field(default_factory=dict)


class Topics(Settings):
    """`by`, `must_keep`, `within`: SQL for a topic, a row that stays, what is first.

    `within` is a number, the highest first. `draws` follow each other.
    """

    by: str
    must_keep: str = "false"
    within: str = "trace.n_tokens"
    draws: tuple[Draw, ...] = Field(min_length=1)


def draw_topics(rows: pl.DataFrame, topics: Topics, seed: int) -> pl.Series:
    """Whether each row is kept or drawn; those with a reason to leave are not."""
    import numpy as np

    (topic,) = evaluate(rows, [topics.by], setting=f"{SETTING}.by")
    (keep,) = decide(rows, [topics.must_keep], setting=f"{SETTING}.must_keep")
    (length,) = measure(rows, [topics.within], setting=f"{SETTING}.within")
    table = pl.DataFrame(
        {
            "row": range(rows.height),
            "topic": topic.cast(pl.String),
            "keep": keep,
            "length": length,
        }
    ).filter(rows["reason"].is_null())
    drawn = table.filter("keep")["row"].to_list()
    rest = table.filter(~pl.col("keep") & pl.col("topic").is_not_null())
    # The first of a topic stands last in its list, where it is cheap to take out.
    rest = rest.sort(
        "topic", "length", "row", descending=[False, True, False], nulls_last=True
    )
    left = {
        name: part["row"].reverse().to_list()
        for (name,), part in rest.group_by("topic", maintain_order=True)
    }
    generator = np.random.default_rng(seed)
    for draw in topics.draws:
        drawn += _draw(left, draw, draw.until - len(drawn), generator)
    return pl.int_range(rows.height, eager=True).is_in(pl.Series(drawn, dtype=pl.Int64))


def _draw(
    left: dict[str, list[int]], draw: Draw, count: int, generator: "np.random.Generator"
) -> list[int]:
    """`count` rows, taken out of what is `left`; fewer where the topics run out."""
    import numpy as np

    drawn: list[int] = []
    weights = {
        name: draw.weights.get(name, 0.0) if draw.weights else 1.0
        for name, rows in left.items()
        if rows
    }
    while len(drawn) < count and any(weights.values()):
        names, shares = list(weights), np.cumsum(list(weights.values()))
        luck = generator.random(2)
        name = names[int(np.searchsorted(shares, luck[0] * shares[-1], side="right"))]
        rows = left[name]
        drawn.append(rows.pop(-1 - _rank(luck[1], len(rows))))
        if not rows:
            del weights[name]
    return drawn


def _rank(luck: float, size: int) -> int:
    """A rank below `size`, each with half the chance of the one before."""
    return min(size - 1, int(-log2(1 - luck * (1 - 2.0**-size))))
