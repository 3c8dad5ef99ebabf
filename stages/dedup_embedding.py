"""Drop problems that mean the same as an earlier kept one, in other words.

Two rows are near when the cosine of their sentence embeddings reaches the
threshold; faiss finds all such pairs exactly. The guard of `pipeline/near.py`
keeps siblings of one template: to an encoder, other numbers are hardly other.

Embedding costs thousands of times more than n-grams, so it runs last among the
dedup stages, and vectors are kept by content under .cache/embeddings.

Reasons: `semantic_duplicate`, `semantic_duplicate_other_answer`.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.near import Pair, mark
from pipeline.settings import Settings

Vectors = np.ndarray


class Params(Settings):
    """The encoder and the cosine from which two problems mean the same.

    `encoder: hub` loads `model` at `revision`; `packaged` is all-MiniLM-L6-v2 from
    an installed package, for machines without a hub; `static` averages that
    model's word vectors, weighted by rarity: 100 times faster, and coarser.
    """

    encoder: Literal["hub", "packaged", "static"] = "hub"
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    revision: str = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
    threshold: float = Field(default=0.95, gt=0, le=1)
    max_tokens: int = Field(default=256, ge=8)
    batch_size: int = Field(default=16, ge=1)
    guard: bool = True


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Mark later rows that mean the same; add `family` where numbers differ."""
    if rows.height < 2:
        return mark(rows, [], "semantic_duplicate")
    from pipeline.embedding import encode

    vectors = encode(
        rows["problem"].to_list(),
        rows["key"].to_list(),
        encoder=params.encoder,
        model=params.model,
        revision=params.revision,
        max_tokens=params.max_tokens,
        batch_size=params.batch_size,
    )
    pairs = similar(vectors, params.threshold)
    return mark(rows, pairs, "semantic_duplicate", guard=params.guard)


def similar(vectors: Vectors, threshold: float, block: int = 4096) -> Iterator[Pair]:
    """All pairs of rows of unit `vectors` (n, d) with cosine ≥ `threshold`."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    for start in range(0, len(vectors), block):
        # Inner products of equal vectors fall short of 1 by rounding.
        ends, cosines, found = index.range_search(
            vectors[start : start + block], threshold - 1e-6
        )
        for row in range(len(ends) - 1):
            span = slice(ends[row], ends[row + 1])
            for other, cosine in zip(found[span], cosines[span], strict=True):
                if other < start + row:
                    yield int(other), start + row, round(float(cosine), 4)
