"""Drop problems that mean the same as an earlier kept one, in other words.

Two rows are near when the cosine of their sentence embeddings reaches the
threshold. `method: pairs` finds all such pairs, exactly up to 200,000 rows and by
cells beyond; `semdedup` looks only inside clusters of k-means, as SemDeDup does
(Abbas et al., 2023). The guard of `pipeline/dedup/same_problem.py` keeps siblings of
one template: to an encoder, other numbers are hardly other.

A search that can miss pairs is compared with brute force on a sample of rows; the
run prints its recall and the table `recall` keeps it.

Embedding costs thousands of times more than n-grams, so it runs last among the
dedup stages, and vectors are kept by content under .cache/embeddings.

Reasons: `semantic_duplicate`, `semantic_duplicate_other_answer`, `surplus_sibling`.
"""

import sys
from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipeline.dedup import recall, survivors, tables
from pipeline.dedup.embedding_search import (
    MARGIN,
    EmbeddingSearch,
    Search,
    find_near_rows,
)
from pipeline.dedup.pairs import no_pairs
from pipeline.embedding import Encoder, encode
from pipeline.filter import Judged

COLUMNS = survivors.COLUMNS
TABLES = {**tables.TABLES, "recall": recall.RECALL}
REASON = "semantic_duplicate"


class Params(Encoder, survivors.MergeRules):
    """The encoder, what near means, and who survives.

    `threshold` and `search` are for `pairs`; `eps` and `clusters` for `semdedup`,
    where a cosine from 1 - `eps` on is near and None clusters are one for every
    hundred rows. Pairs above `upper` are left alone. Beside those of dedup_exact,
    the survivor can be `random`, by `seed`, or in `semdedup` the `central` row,
    which is the nearest to its cluster's centre.
    """

    text: Literal["problem", "problem_answer"] = "problem"
    method: Literal["pairs", "semdedup"] = "pairs"
    threshold: float = Field(default=0.95, gt=0, le=1)
    upper: float | None = Field(default=None, gt=0, le=1)
    search: Search = "auto"
    eps: float = Field(default=0.05, ge=0, lt=1)
    clusters: int | None = Field(default=None, ge=1)
    survivor: Literal[survivors.Survivor, "central", "random"] = "first"
    seed: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.survivor == "central" and self.method == "pairs":
            raise ValueError("`survivor: central` needs the clusters of `semdedup`")
        if self.upper is not None and self.upper < self.cosine:
            raise ValueError(f"`upper` is below {self.cosine:g}, from where rows merge")
        return self

    @property
    def cosine(self) -> float:
        """The cosine from which two rows are near."""
        return self.threshold if self.method == "pairs" else 1 - self.eps


def judge(rows: pl.DataFrame, params: Params) -> Judged:
    """Mark later rows that mean the same; add `family` where numbers differ."""
    pairs, order, recalls = no_pairs(), np.arange(rows.height), recall.RECALL.to_frame()
    if rows.height > 1:
        order = order_rows(rows, params)
        search = EmbeddingSearch(
            params.method,
            params.cosine,
            params.upper,
            params.search,
            params.clusters,
            params.survivor == "central",
            params.seed,
        )
        pairs, order, recalls = find_near_rows(embed(rows, params), order, search)
    for row in recalls.iter_rows(named=True):
        print("dedup_embedding:", recall.describe(row), file=sys.stderr)
    if pairs.crowded:
        crowds = f"{pairs.crowded} rows with crowds of neighbours"
        print("dedup_embedding:", crowds, file=sys.stderr)
    judged = survivors.mark_duplicates(
        rows,
        pairs,
        REASON,
        order=order,
        rules=params,
        threshold=params.cosine,
        margin=MARGIN,
    )
    return Judged(judged.rows, judged.tables | {"recall": recalls})


def embed(rows: pl.DataFrame, params: Params) -> np.ndarray:
    """Unit vectors (rows, d) float32 of what `params.text` names."""
    if params.text == "problem":
        return encode(rows["problem"].to_list(), params, rows["key"].to_list())
    both = pl.format(
        "Problem: {}\nAnswer: {}", "problem", pl.col("answer").fill_null("")
    )
    return encode(rows.select(both).to_series().to_list(), params)


def order_rows(rows: pl.DataFrame, params: Params) -> np.ndarray:
    """Row numbers (rows,) in the order in which they survive."""
    match params.survivor:
        case "random":
            ranks = np.random.default_rng(params.seed).permutation(rows.height)
            return np.argsort(ranks)
        case "central":  # the search knows the centres
            return np.arange(rows.height)
        case survivor:
            return survivors.order_rows(rows, survivor)
