"""Paraphrases and translations: the item's numbers and answer in other words.

The numbers and the answer of `pipeline/dedup/witness.py` propose the items that a text
may be, without a look at its words, and count the bits that speak for it. An encoder
confirms: the fewer bits, the nearer it must find the two. Only the texts that share an
item's key are embedded, a few in a hundred. With other numbers a text is a sibling of
the item and no hit; with few and common numbers ("Tom has 2 apples and Ana has 3") an
item cannot be told from others and is not looked for.
"""

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.arrangement import find_rearranged
from pipeline.contamination.contract import Method
from pipeline.contamination.hits import HITS, hit_table
from pipeline.contamination.witnesses import AGREE, compare_answers
from pipeline.dedup.evidence import SURE, Evidence, find_evidence, keeps_order
from pipeline.dedup.pairs import Array
from pipeline.dedup.paraphrases import SAME_WORDS, align_words
from pipeline.dedup.witness import find_witnesses
from pipeline.embedding import encode
from pipeline.encoder import Encoder


class Params(Method, Encoder):
    """A rich pair needs the cosine `min_cosine`, and a poorer one more.

    Without `embed` there is no encoder: only pairs count whose numbers and answer no
    chance brings together.
    """

    min_cosine: float = Field(default=0.5, ge=0, le=1)
    embed: bool = True


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of level `near`; the score is the cosine, or how sure the key is.

    Raises UserError where the encoder cannot be loaded.
    """
    if not items.height or not texts.height:
        return HITS.to_frame()
    evidence = find_evidence(
        find_witnesses(texts["text"].fill_null(""), texts["answer"]),
        find_witnesses(items["problem"].fill_null(""), items["answer"]),
    )
    pairs = zip(
        texts["text"].gather(evidence.first),
        items["problem"].gather(evidence.second),
        strict=True,
    )
    evidence = evidence.take(np.array([keeps_order(*pair) for pair in pairs], bool))
    if params.embed:
        score = _cosines(texts["text"], items["problem"], evidence, params)
        is_hit = evidence.is_confirmed(score, params.min_cosine)
    else:
        score = 1 - 2.0 ** np.minimum(0, evidence.enough - evidence.bits - SURE)
        is_hit = evidence.same_answer & (evidence.bits >= evidence.enough)
    is_hit[is_hit] = ~_are_rearranged(texts, items, evidence.take(is_hit))
    hits = evidence.take(is_hit)
    return hit_table(
        hits.first,
        hits.second,
        level="near",
        score=np.clip(score[is_hit], 0, 1).round(4),
        span=texts["text"].gather(hits.first),
        item_span=items["problem"].gather(hits.second),
        same_answer=pl.Series(hits.same_answer).replace_strict(
            {True: True, False: None}, return_dtype=pl.Boolean
        ),
    )


def _are_rearranged(texts: pl.DataFrame, items: pl.DataFrame, pairs: Evidence) -> Array:
    """Whether texts in nearly the words of an item differ in what stands where (bool).

    An encoder does not see who gives to whom; an answer that few have does.
    """
    first, second = pairs.first, pairs.second
    answers = compare_answers(texts["answer"], items["answer"], first, second)
    text, item = texts["text"].gather(first), items["problem"].gather(second)
    is_near = np.array(
        [
            answer < AGREE and align_words(*both) >= SAME_WORDS
            for answer, *both in zip(answers, text, item, strict=True)
        ],
        bool,
    )
    near = pl.Series(is_near)
    is_near[is_near] = find_rearranged(text.filter(near), item.filter(near))
    return is_near


def _cosines(
    texts: pl.Series, items: pl.Series, evidence: Evidence, encoder: Encoder
) -> Array:
    """The cosine of each pair, float64; only the texts in pairs are embedded."""
    if not len(evidence.first):
        return np.zeros(0)
    rows, row = np.unique(evidence.first, return_inverse=True)
    numbers, number = np.unique(evidence.second, return_inverse=True)
    vectors = encode([*texts.gather(rows), *items.gather(numbers)], encoder)
    left, right = vectors[: len(rows)], vectors[len(rows) :]
    cosines: Array = np.einsum("ij,ij->i", left[row], right[number])
    return cosines.astype(np.float64).round(4)
