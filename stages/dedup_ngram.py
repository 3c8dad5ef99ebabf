"""Drop problems that share most of their n-grams with an earlier kept one.

Candidates come from MinHash-LSH, with bands and rows from datasketch's optimiser
(`search: lsh`), or from an exact join (`exact`, up to some 200,000 rows); the true
similarity of each pair decides. The guard of `pipeline/dedup/same_problem.py` keeps
siblings of one template, which have the same words and other numbers.

Reasons: `near_duplicate`, `near_duplicate_other_answer`.
"""

from dataclasses import replace
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.dedup.tables import COLUMNS as COLUMNS
from pipeline.dedup.tables import TABLES as TABLES
from pipeline.filter import Judged
from pipeline.settings import Settings

READS = ("problem", "answer", *COLUMNS)


class Params(Settings):
    """What similar means, from where on, and whether siblings are told apart.

    `method` is `jaccard` of the sets of word n-grams; `fuzzy`, the ratio of
    rapidfuzz; or `substring`, the whole of one text, word for word, inside another.
    """

    method: Literal["jaccard", "fuzzy", "substring"] = "jaccard"
    search: Literal["lsh", "exact"] = "lsh"
    n: int = Field(default=3, ge=1)
    threshold: float = Field(default=0.8, gt=0, le=1)
    guard: bool = True


def judge(
    rows: pl.DataFrame, params: Params, release: pl.DataFrame | None = None
) -> Judged:
    """Mark later near copies and add `family`, the first sibling's id.

    The rows of an earlier `release`, where given, come first and stay; what is near
    to them goes.
    """
    from pipeline.dedup import survivors
    from pipeline.dedup.ngram_search import NgramSearch, find_near_copies

    earlier = 0
    if release is not None:
        earlier, columns = release.height, rows.columns
        release = release.select(pl.col("^(id|problem|answer)$"))
        rows = pl.concat([release, rows], how="diagonal_relaxed").select(columns)
    search = NgramSearch(
        params.method, params.search, params.n, params.threshold, params.guard
    )
    pairs = find_near_copies(rows, search, earlier)
    judged = survivors.mark_duplicates(
        rows, pairs, "near_duplicate", guard=params.guard
    )
    return replace(judged, rows=judged.rows.slice(earlier))
