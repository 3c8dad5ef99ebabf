"""Texts whose embedding lies near an item's.

DeepScaleR and NuminaMath decontaminated so; 0.9 is the cosine DeepDistill published.
It finds paraphrases and is blind to changed numbers.
"""

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import hit_table
from pipeline.embedding import encode
from pipeline.encoder import Encoder
from pipeline.kernels.shards import Array


class Params(Method, Encoder):
    """A text is an item where the cosine reaches `threshold`."""

    threshold: float = Field(default=0.9, gt=0, le=1)


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of the nearest item of each text; the score is the cosine."""
    text, item, cosine = nearest_items(texts["text"], items["problem"], 1, params)
    near = cosine >= params.threshold - 1e-6
    score = np.minimum(cosine[near], 1.0)
    return hit_table(text[near], item[near], level="near", score=score)


def nearest_items(
    texts: pl.Series, items: pl.Series, count: int, encoder: Encoder
) -> tuple[Array, Array, Array]:
    """(text, item, cosine) of the `count` nearest items of each text, best first."""
    import faiss

    if not len(texts) or not len(items):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    vectors = encode([*items.fill_null(""), *texts.fill_null("")], encoder)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors[: len(items)])
    cosine, item = index.search(vectors[len(items) :], min(count, len(items)))
    text = np.repeat(np.arange(len(texts)), item.shape[1])
    return text, item.ravel(), cosine.ravel().round(4)
