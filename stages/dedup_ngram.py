"""Drop problems that share most of their n-grams with an earlier kept one.

Candidates come from MinHash-LSH, with bands and rows from datasketch's optimiser
(`search: lsh`), or from an exact join (`exact`, up to some 200,000 rows); the true
similarity of each pair decides. The guard of `pipeline/dedup/same_problem.py` keeps
siblings of one template, which have the same words and other numbers.

Reasons: `near_duplicate`, `near_duplicate_other_answer`, `surplus_sibling`.
"""

from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline.dedup import survivors, tables
from pipeline.filter import Judged

COLUMNS = survivors.COLUMNS
TABLES = tables.TABLES
REASON = "near_duplicate"


class Params(survivors.MergeRules):
    """What similar means, from where on, and who survives.

    `method` is `jaccard` of the sets of word n-grams; `fuzzy`, the ratio of
    rapidfuzz; `containment`, the share of the smaller set that is in the larger one;
    or `substring`, the whole of one text, word for word, inside another.
    """

    method: Literal["jaccard", "fuzzy", "containment", "substring"] = "jaccard"
    search: Literal["lsh", "exact"] = "lsh"
    n: int = Field(default=3, ge=1)
    threshold: float = Field(default=0.8, gt=0, le=1)
    survivor: survivors.Survivor = "first"


def judge(
    rows: pl.DataFrame, params: Params, release: pl.DataFrame | None = None
) -> Judged:
    """Mark later near copies and add `family`, the first sibling's id.

    The rows of an earlier `release`, where given, come first and stay; what is near
    to them goes.
    """
    from pipeline.dedup.ngram_search import MARGIN, NgramSearch, find_near_copies

    order = survivors.order_rows(rows, params.survivor)
    search = NgramSearch(
        params.method, params.search, params.n, params.threshold, params.guard
    )
    pairs, release_pairs = find_near_copies(rows, order, search, release)
    options: dict[str, Any] = {
        "order": order,
        "rules": params,
        "threshold": params.threshold,
        "margin": MARGIN,
    }
    if release is None or release_pairs is None:
        return survivors.mark_duplicates(rows, pairs, REASON, **options)
    return survivors.mark_against_release(
        rows, release, pairs, release_pairs, REASON, **options
    )
