"""Drop problems that mean the same as an earlier kept one, in other words.

Two rows are near when the cosine of their sentence embeddings reaches the
threshold. `method: pairs` finds all such pairs, exactly up to 200,000 rows and by
cells beyond; `semdedup` looks only inside clusters of k-means, as SemDeDup does
(Abbas et al., 2023). The guard of `pipeline/dedup/same_problem.py` keeps siblings of
one template: to an encoder, other numbers are hardly other.

Below the threshold two rows are one problem where a witness says so: they have the same
answer and the same numbers, rich enough that no chance brings them together
(`pipeline/dedup/evidence.py`), and the encoder does not speak against it.

A search that can miss pairs is compared with brute force on a sample of rows; the
run prints its recall and the table `recall` keeps it.

Embedding costs thousands of times more than n-grams, so it runs last among the
dedup stages, and vectors are kept by content under .cache/embeddings.

Reasons: `semantic_duplicate`, `semantic_duplicate_other_answer`.
"""

import sys
from typing import TYPE_CHECKING, Literal

import polars as pl
from pydantic import Field

from pipeline.dedup import tables
from pipeline.dedup.embedding_search import EmbeddingSearch, find_near_rows
from pipeline.encoder import Encoder
from pipeline.filter import Judged

if TYPE_CHECKING:
    import numpy as np

COLUMNS = tables.COLUMNS
TABLES = {**tables.TABLES, "recall": tables.RECALL}


class Params(Encoder, EmbeddingSearch):
    """The encoder, which `text` it reads, what near means, and who survives.

    From `min_cosine` on, rows with the same numbers and answer are copies, with the
    `guard`; none leaves such rows be.
    """

    text: Literal["problem", "problem_answer"] = "problem"
    guard: bool = True
    min_cosine: float | None = Field(default=0.5, ge=0, le=1)


def judge(rows: pl.DataFrame, params: Params) -> Judged:
    """Mark later rows that mean the same; add `family` where numbers differ."""
    from pipeline.dedup import recall, survivors

    vectors = embed(rows, params)
    pairs, order, recalls = find_near_rows(vectors, params)
    for row in recalls.iter_rows(named=True):
        print("dedup_embedding:", recall.describe(row), file=sys.stderr)
    if pairs.crowded:
        crowds = f"{pairs.crowded} rows with crowds of neighbours"
        print("dedup_embedding:", crowds, file=sys.stderr)
    if params.guard and params.min_cosine is not None:
        from pipeline.dedup.paraphrases import add_paraphrases

        pairs = add_paraphrases(rows[order], vectors[order], pairs, params.min_cosine)
    judged = survivors.mark_duplicates(
        rows[order], pairs, "semantic_duplicate", guard=params.guard
    )
    return Judged(judged.rows[order.argsort()], judged.tables | {"recall": recalls})


def embed(rows: pl.DataFrame, params: Params) -> "np.ndarray":
    """Unit vectors (rows, d) float32 of what `params.text` names."""
    from pipeline.embedding import encode

    if params.text == "problem":
        return encode(rows["problem"].to_list(), params, rows["key"].to_list())
    both = pl.format(
        "Problem: {}\nAnswer: {}", "problem", pl.col("answer").fill_null("")
    )
    return encode(rows.select(both).to_series().to_list(), params)
