"""Hits: one row for each text and benchmark item that a method brings together.

For the item "Aya walks nine kilometers every morning. Find …" a hit is

- `exact` where the item stands in the text, token for token;
- `near` where the text is the same problem in other words ("Mia walks nine km …");
- `sibling` where it has the item's template with other numbers ("Aya walks twelve
  kilometers …"), or its scene with another question;
- `boilerplate` where no more than sentences that many problems share agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, get_args

import polars as pl

from pipeline.cluster.each import each, is_cluster, ready
from pipeline.contamination.contract import (
    Method,
    Methods,
    load_method,
    read_method,
)
from pipeline.contamination.parts import Part, Texts

if TYPE_CHECKING:
    import numpy as np

Level = Literal["exact", "near", "sibling", "boilerplate"]  # the worst first
LEVELS = get_args(Level)
HITS = pl.Schema(
    {
        "text": pl.UInt32(),  # number of the text
        "item": pl.UInt32(),  # number of the benchmark item
        "level": pl.Enum(LEVELS),
        "score": pl.Float32(),  # from 0 to 1
        "span": pl.String(),  # what the text holds of the item
        "item_span": pl.String(),  # where in the item
        "same_answer": pl.Boolean(),  # null where one of them has none
    }
)

UNDETECTABLE = pl.Schema(
    {
        "item": pl.UInt32(),  # number of the benchmark item
        "reason": pl.String(),  # too_short, no_rare_content
    }
)


@dataclass(frozen=True)
class Found:
    """HITS, and the items that a method cannot find in these texts: UNDETECTABLE."""

    hits: pl.DataFrame
    undetectable: pl.DataFrame


def hit_table(
    text: "np.ndarray", item: "np.ndarray", **columns: object
) -> pl.DataFrame:
    """HITS of the numbers of texts and items; `columns` are arrays or one value.

    A column that is not given is null.
    """
    table = pl.DataFrame({"text": text, "item": item})
    values = {name: pl.lit(columns.get(name)) for name in HITS.names()[2:]}
    return table.with_columns(**values).cast(HITS)


def keep_worst(hits: pl.DataFrame, by: str) -> pl.DataFrame:
    """For each value of `by` the hit with the worst level, then the highest score."""
    order = hits.sort(by, "level", pl.col("score").neg(), maintain_order=True)
    return order.unique(by, keep="first", maintain_order=True)


def scan_texts(
    texts: pl.DataFrame,
    benchmarks: pl.DataFrame,
    methods: Methods,
    parts: Texts | None = None,
) -> Found:
    """The worst hit of each text by each method, with names instead of numbers.

    `texts` has the columns text, answer and others, which the hits take over; texts
    that are too many for a column come in `parts`. `benchmarks` are rows of BENCHMARK.
    Of the item come `item` (its id), `benchmark`, `item_text` and `item_answer`.
    """
    parts = parts or Texts(lambda: [texts["text"]])
    items = benchmarks.select(
        "benchmark", item="id", item_text="problem", item_answer="answer"
    )
    tables = [HITS.to_frame().with_columns(method=pl.lit(""))]
    unfound = [UNDETECTABLE.to_frame().with_columns(method=pl.lit(""))]
    for params in map(read_method, methods):
        found = _find_hits(parts, texts["answer"], benchmarks, params)
        name = pl.lit(params.name).alias("method")
        worst = keep_worst(found.hits.sort("item"), "text")
        tables.append(worst.with_columns(name))
        unfound.append(found.undetectable.with_columns(name))
    hits, undetectable = pl.concat(tables), pl.concat(unfound)
    about = texts.drop("answer", "text", strict=False)[hits["text"]]
    about = about.with_columns(_gather_texts(parts, hits["text"]))
    beside = [items[undetectable["item"]], undetectable.drop("item")]
    return Found(
        pl.concat(
            [about, items[hits["item"]], hits.drop("text", "item")], how="horizontal"
        ),
        pl.concat(beside, how="horizontal"),
    )


def _find_hits(
    texts: Texts, answers: pl.Series, items: pl.DataFrame, params: Method
) -> Found:
    """What a method finds in texts; the numbers of hits are those among all texts.

    A method that weighs by all texts takes all parts; to others each is a table, and
    one whose vectors are made on other machines is called here.
    """
    from pipeline.encoder import Encoder

    method = load_method(params.name)
    if hasattr(method, "find_hits_in_parts"):
        whole: Found = method.find_hits_in_parts(texts, answers, items, params)
        return whole
    is_far = is_cluster() and not isinstance(params, Encoder)
    parts = texts.parts() if is_far else _parts_here(texts)
    batches = ((part, answers.slice(part.start, part.height)) for part in parts)
    find = partial(_find_in_part, items, params)
    tables, unfound = [HITS.to_frame()], [UNDETECTABLE.to_frame()]
    for part in each(ready(find), batches) if is_far else map(find, batches):
        tables.append(part.hits)
        unfound.append(part.undetectable)
    return Found(pl.concat(tables), pl.concat(unfound).unique(maintain_order=True))


def _parts_here(texts: Texts) -> Iterator[Part]:
    """The texts as they are read in this process."""
    start = 0
    for text in texts.read():
        yield Part(text.to_frame("text").lazy(), start, len(text))
        start += len(text)


def _find_in_part(
    items: pl.DataFrame, params: Method, batch: tuple[Part, pl.Series]
) -> Found:
    part, answers = batch
    table = part.rows.collect().select("text", answer=answers)
    found = load_method(params.name).find_hits(table, items, params)
    if isinstance(found, pl.DataFrame):
        found = Found(found, UNDETECTABLE.to_frame())
    return Found(
        found.hits.with_columns(pl.col("text") + part.start), found.undetectable
    )


def _gather_texts(parts: Texts, numbers: pl.Series) -> pl.Series:
    """`text` by number, in a last pass."""
    wanted = numbers.unique().sort()
    batches = (
        (part.rows, mine - part.start)
        for part in (parts.parts() if len(wanted) else ())
        if len(mine := wanted.filter(_is_in(part, wanted)))
    )
    texts = [pl.Series(dtype=pl.String), *each(ready(_gather), batches)]
    places = wanted.search_sorted(numbers)
    return pl.concat(texts).gather(places).alias("text")


def _is_in(part: Part, numbers: pl.Series) -> pl.Series:
    return numbers.is_between(part.start, part.start + part.height - 1)


def _gather(batch: tuple[pl.LazyFrame, pl.Series]) -> pl.Series:
    rows, places = batch
    return rows.collect()["text"].gather(places)
