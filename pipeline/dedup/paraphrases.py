"""Rows of one pool that are one problem in other words, or with other names.

An encoder alone must be strict: siblings of one template are nearer to each other than
many a paraphrase. With the same answer and the same numbers less nearness will do. And
it finds names and variables far apart that may stand for each other: rows of one
skeleton (`kernels/skeletons.py`) are compared however near it finds them.
"""

import re
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import polars as pl

from pipeline.dedup.answers import are_rare, tell
from pipeline.dedup.evidence import find_twins, keeps_order
from pipeline.dedup.ngrams import extract_ngrams, lsh_pairs
from pipeline.dedup.pairs import Array, Pairs, pair_key
from pipeline.dedup.plain_readings import (
    find_shared_sentences,
    judge_plainly,
    write_short,
)
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.witness import find_witnesses

# From this share of aligned words on, two texts are near copies and no paraphrases.
SAME_WORDS = 0.8
CROWD = 32  # so many rows of one skeleton a row is compared with
# Of the n-grams of a short text a slip takes three; few texts of a pool are so near.
SHARED = 0.65
WORD = re.compile(r"[\u3040-\u9fff]|[^\W\d_]{2,}")
# Rows of one rare answer are compared from a cosine on that is so much higher than that
# of rows with the same numbers, too; each with so many of them.
NEARER, HEADS, AT_ONCE = 0.2, 2048, 512
COMMON = 0.15  # rows of one common answer are nearer still
ROUNDED = 1e-3  # by so much two ways to multiply may differ
# Among fewer words one other says another thing: there the guard decides, too.
FEW = 8


def add_paraphrases(
    rows: pl.DataFrame, vectors: Array, pairs: Pairs, least: float
) -> Pairs:
    """`pairs`, the renamed and the paraphrased among `rows`, each with its relation.

    `vectors` (rows, d) float32 are units; `least` is the cosine of a rich pair. A pair
    in other words is a copy; in nearly the same words, one after the other, with the
    same skeleton, with most of the same n-grams or with one rare answer, it is what the
    guard says.
    """
    from pipeline.kernels.relations import COPY

    first, second, cosine, same_words = _find_paraphrases(rows, vectors, least)
    both = _join(pairs, Pairs(first, second, cosine))
    problems = rows["problem"].fill_null("")
    plain = _write_alike(problems)
    for alike in (
        find_equal_skeletons(plain),
        find_shared_ngrams(plain),
        find_equal_answers(rows["answer"], vectors, least + NEARER),
        find_shared_sentences(problems),
    ):
        both = _join(both, Pairs(*alike, _cosines_of(vectors, *alike)))
    reworded = np.isin(
        pair_key(both.first, both.second), pair_key(first, second)[~same_words]
    )
    relation = np.full(len(both.first), COPY, np.uint8)
    judged = both.take(~reworded)
    relation[~reworded] = judge_plainly(
        rows, judged, classify_pairs(rows, judged, guard=True)
    )
    return replace(both, relation=relation)


def find_shared_ngrams(texts: pl.Series) -> tuple[Array, Array]:
    """(earlier, later) texts of which SHARED or more of the n-grams are the same."""
    from pipeline.dedup.ngram_search import PERMUTATIONS, SEED
    from pipeline.kernels.layout import strip_layout
    from pipeline.kernels.minhash import plan_bands

    ngrams = extract_ngrams(strip_layout(texts), n=3)
    plan = plan_bands(SHARED, PERMUTATIONS, SEED)
    everyone = np.arange(len(texts), dtype=np.int32)
    pairs = lsh_pairs(ngrams, everyone, plan, SHARED)
    return pairs.first, pairs.second


def find_equal_answers(
    answers: pl.Series, vectors: Array, least: float
) -> tuple[Array, Array]:
    """(earlier, later) rows of one rare answer with `least` as their cosine or more.

    Those of a common one that is more than a letter, yes or no must be nearer. Each is
    compared with the first HEADS of its answer.
    """
    from pipeline.kernels.answer_codes import answer_codes

    codes = answer_codes(answers)
    rows = np.flatnonzero(codes)
    order = rows[np.argsort(codes[rows], kind="stable")]
    begins = np.flatnonzero(np.diff(codes[order], prepend=0))
    groups = [group for group in np.split(order, begins[1:]) if len(group) > 1]
    said = answers.gather([int(group[0]) for group in groups])
    common = np.where(tell(said), least + COMMON, np.inf)
    bounds = np.where(are_rare(said), least, common)
    needed = np.full(len(answers), np.inf)
    found = [np.zeros((2, 0), np.int64)]
    for group, enough in zip(groups, bounds.tolist(), strict=True):
        if enough > 1:
            continue
        heads, needed[group] = vectors[group[:HEADS]], enough
        for begin in range(0, len(group), AT_ONCE):
            later = group[begin : begin + AT_ONCE]
            first, second = np.nonzero(heads @ vectors[later].T >= enough - ROUNDED)
            before = first < second + begin
            found.append(np.stack([group[first[before]], later[second[before]]]))
    first, second = np.concatenate(found, axis=1)
    near = _cosines_of(vectors, first, second) >= needed[first]  # on any machine
    return first[near].astype(np.int32), second[near].astype(np.int32)


def find_equal_skeletons(texts: pl.Series) -> tuple[Array, Array]:
    """(earlier, later) texts that are one but for names and words that say nothing.

    They are in one notation. Each text is paired with the first CROWD of its skeleton.
    """
    rows = pl.DataFrame({"skeleton": _hash_skeletons(texts)}).with_row_index("row")
    rows = rows.filter(pl.col("skeleton") != 0, pl.col("skeleton").is_duplicated())
    heads = rows.filter(pl.int_range(pl.len()).over("skeleton") < CROWD)
    pairs = rows.join(heads, on="skeleton", suffix="_head")
    pairs = pairs.filter(pl.col("row_head") < pl.col("row")).sort("row", "row_head")
    first, second = (pairs[name].cast(pl.Int32) for name in ("row_head", "row"))
    return first.to_numpy(), second.to_numpy()


def _write_alike(texts: pl.Series) -> pl.Series:
    """`texts` in one notation, less drawings and more that one may have alone."""
    from pipeline.dedup.respellings import spell_alike
    from pipeline.kernels.shards import map_threads, split_shards

    def write(part: pl.Series) -> pl.Series:
        return write_short(spell_alike(part))

    return pl.concat([texts.clear(), *map_threads(write, split_shards(texts))])


def _hash_skeletons(texts: pl.Series) -> Array:
    from pipeline.kernels.characters import plain_text
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.names import person_names
    from pipeline.kernels.shards import map_threads, split_shards, text_bytes
    from pipeline.kernels.skeletons import hash_skeletons
    from pipeline.kernels.wording import wording

    def hash_part(part: pl.Series) -> Array:
        data, offsets = text_bytes(plain_text(part))
        spans = offsets[:-1], offsets[1:]
        tokens = tokenise_ranges(data, *spans, spans=True)
        read = tokens.codes, tokens.kinds, tokens.ends, tokens.starts, tokens.stops
        return hash_skeletons(data, *spans, *read, wording(), person_names())

    parts = list(map_threads(hash_part, split_shards(texts)))
    return np.concatenate([np.zeros(0, np.uint64), *parts])


def _join(pairs: Pairs, others: Pairs) -> Pairs:
    """`pairs`, and those of `others` that are not among them, in order."""
    keys = pair_key(pairs.first, pairs.second)
    others = others.take(~np.isin(pair_key(others.first, others.second), keys))
    both = replace(
        pairs,
        first=np.concatenate([pairs.first, others.first]).astype(np.int32),
        second=np.concatenate([pairs.second, others.second]).astype(np.int32),
        score=np.concatenate([pairs.score, others.score]),
    )
    return both.distinct()


def _find_paraphrases(
    rows: pl.DataFrame, vectors: Array, least: float
) -> tuple[Array, Array, Array, Array]:
    """(earlier, later, cosine, whether in the same words) of confirmed pairs."""
    twins = find_twins(find_witnesses(rows["problem"].fill_null(""), rows["answer"]))
    cosines = _cosines_of(vectors, twins.first, twins.second)
    near = twins.is_confirmed(cosines, least)
    twins, cosines = twins.take(near), cosines[near]
    texts = [
        (rows["problem"][int(first)], rows["problem"][int(second)])
        for first, second in zip(twins.first, twins.second, strict=True)
    ]
    ordered = np.array([keeps_order(*pair) for pair in texts], bool)
    same_words = np.array([_have_same_words(*pair) for pair in texts], bool)
    return (
        twins.first[ordered],
        twins.second[ordered],
        cosines[ordered],
        same_words[ordered],
    )


def _have_same_words(text: str, other: str) -> bool:
    is_short = any(len(WORD.findall(side)) < FEW for side in (text, other))
    return is_short or align_words(text, other) >= SAME_WORDS


def _cosines_of(vectors: Array, first: Array, second: Array) -> Array:
    """The cosine of each pair of unit `vectors`, float64."""
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    clipped: Array = np.clip(cosines.astype(np.float64).round(4), -1, 1)
    return clipped


def align_words(text: str, other: str) -> float:
    """The share of the words of two texts that stand in one order in both (0 to 1).

    A Chinese or Japanese character is a word.
    """
    words, others = (WORD.findall(side.lower()) for side in (text, other))
    return SequenceMatcher(None, words, others, autojunk=False).ratio()
