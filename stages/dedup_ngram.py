"""Drop problems that share most of their n-grams with an earlier kept one.

Candidates come from MinHash-LSH, with bands and rows from datasketch's optimiser
(`search: lsh`), or from an exact join (`exact`, up to some 200,000 rows); the true
similarity of each pair decides. The guard of `pipeline/dedup/survivors.py` keeps
siblings of one template, which have the same words and other numbers.

`method` says what similar is: `jaccard` of the n-gram sets; `fuzzy`, the ratio of
rapidfuzz; `containment`, the share of the smaller set that is in the larger one;
`substring`, the whole of one text, word for word, inside another.

Reasons: `near_duplicate`, `near_duplicate_other_answer`, `surplus_sibling`.
"""

from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.dedup import same_problem as guard
from pipeline.dedup import survivors, tables
from pipeline.dedup.pairs import MARGIN, Pairs
from pipeline.errors import UserError
from pipeline.filter import Judged
from pipeline.kernels.spill import ArrayPool
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.dedup.ngrams import Grams

COLUMNS = survivors.COLUMNS
TABLES = tables.TABLES
REASON = "near_duplicate"


class Params(Settings):
    """What similar means, from where on, and who survives.

    `memory_mb` bounds the n-grams and band keys that lie in memory, beside the text;
    the rest of them is in files that are mapped. `min_tokens` is for `containment`
    and `substring`: a text of fewer tokens is in many others by chance.
    """

    method: Literal["jaccard", "fuzzy", "containment", "substring"] = "jaccard"
    search: Literal["lsh", "exact"] = "lsh"
    n: int = Field(default=3, ge=1)
    unit: Literal["word", "char"] = "word"
    threshold: float = Field(default=0.8, gt=0, le=1)
    permutations: int = Field(default=48, ge=16)
    seed: int = 1
    memory_mb: int = Field(default=8192, ge=1)
    min_tokens: int = Field(default=8, ge=1)
    guard: bool = True
    survivor: survivors.Survivor = "first"
    siblings: survivors.Siblings = "keep"
    family_size: int = Field(default=3, ge=1)


def judge(
    rows: pl.DataFrame, params: Params, against: pl.DataFrame | None = None
) -> Judged:
    """Mark later near copies and add `family`, the first sibling's id.

    With `against`, the rows of an earlier release, its rows come first and stay;
    what is near to them goes.
    """
    priority = survivors.ranks(rows, params.survivor)
    pairs = similar(rows, params, priority)
    options: dict[str, Any] = {
        "threshold": params.threshold,
        "guard": params.guard,
        "siblings": params.siblings,
        "family_size": params.family_size,
    }
    if against is None:
        return survivors.mark(rows, pairs, REASON, priority=priority, **options)
    crossing = _crossing(rows, against, params)
    return survivors.mark_against(
        rows, against, pairs, crossing, REASON, priority, **options
    )


def _crossing(rows: pl.DataFrame, against: pl.DataFrame, params: Params) -> Pairs:
    """Pairs of a row of the release and a new one."""
    from pipeline.dedup.incremental import crossing
    from pipeline.dedup.ngrams import grams
    from pipeline.kernels.minhash import plan_bands

    if params.method != "jaccard":
        raise UserError(f"dedup_ngram: --against takes jaccard, not {params.method}")
    unit = _unit(params)
    return crossing(
        against,
        grams(rows["problem"], n=params.n, unit=unit),
        np.arange(rows.height, dtype=np.int32),
        plan_bands(params.threshold, params.permutations, params.seed),
        max(0.01, params.threshold - MARGIN),
        n=params.n,
        unit=unit,
        seed=params.seed,
    )


def _unit(params: Params) -> int:
    from pipeline.kernels import word_tokens as tokens

    return tokens.WORDS if params.unit == "word" else tokens.LETTERS


def similar(
    rows: pl.DataFrame, params: Params, priority: np.ndarray | None = None
) -> Pairs:
    """Pairs of rows from a little below the threshold on."""
    from pipeline.dedup import ngrams as find

    if params.method == "fuzzy":
        return find.by_ratio(rows["problem"].fill_null("").to_list(), params.threshold)
    from pipeline.kernels.minhash import plan_bands

    room = ArrayPool(params.memory_mb)
    made = find.grams(rows["problem"], n=params.n, unit=_unit(params), room=room)
    whole = np.arange(rows.height, dtype=np.int32)
    if params.method == "substring":
        pairs = find.by_containment(made, whole, 1.0, _least(params))
        return _literally(rows["problem"], pairs)
    if params.method == "containment":
        return find.by_containment(made, whole, params.threshold, _least(params))
    leader = _leaders(rows, made, params, priority)
    leaders = np.flatnonzero(leader == whole).astype(np.int32)
    floor = max(0.01, params.threshold - MARGIN)
    if params.search == "exact":
        pairs = find.by_join(made, leaders, floor)
    else:
        bands = plan_bands(params.threshold, params.permutations, params.seed)
        pairs = find.by_minhash(
            made, leaders, bands, floor, _codes(rows, leaders, params), room
        )
    return replace(pairs, leader=leader)


def _codes(
    rows: pl.DataFrame, leaders: np.ndarray, params: Params
) -> Callable[[np.ndarray], np.ndarray] | None:
    """Codes of some leaders' numbers, for crowds; each row is read once."""
    if not params.guard:
        return None
    codes = np.zeros(len(leaders), np.uint64)
    known = np.zeros(len(leaders), bool)
    lock = Lock()

    def some(places: np.ndarray) -> np.ndarray:
        with lock:
            fresh = places[~known[places]]
            texts = rows["problem"].gather(pl.Series(leaders[fresh], dtype=pl.UInt32))
            codes[fresh] = guard.quantity_codes(texts)
            known[fresh] = True
            said: np.ndarray = codes[places]
            return said

    return some


def _least(params: Params) -> int:
    """N-grams of the shortest text that may be found inside another."""
    return max(1, params.min_tokens - params.n + 1)


def _leaders(
    rows: pl.DataFrame, made: "Grams", params: Params, priority: np.ndarray | None
) -> np.ndarray:
    """The first row with the same n-grams, where numbers and answers agree too."""
    from pipeline.kernels.hash_table import group_ids

    order = np.arange(rows.height, dtype=np.int32)
    if priority is not None:
        order = np.argsort(priority, kind="stable").astype(np.int32)
    group, distinct = group_ids(made.prints)
    first = np.empty(len(distinct), np.int32)
    first[group[order[::-1]]] = order[::-1]  # of equal places the last is written
    leader: np.ndarray = first[group]
    leader[np.diff(made.ends) == 0] = np.flatnonzero(np.diff(made.ends) == 0)
    follows = np.flatnonzero(leader != np.arange(rows.height))
    if params.guard and len(follows):
        some, at = np.unique(np.r_[leader[follows], follows], return_inverse=True)
        few = rows.select("problem", "answer")[some]
        one, other = at[: len(follows)], at[len(follows) :]
        never = np.zeros(len(one), bool)
        agree, _, _ = guard.readings(few["problem"], one, other, never, never)
        agree &= guard.answers_agree(few["answer"], one, other)
        leader[follows[~agree]] = follows[~agree]
    return leader


def _literally(texts: pl.Series, pairs: Pairs) -> Pairs:
    """Pairs where one text is inside the other, token for token."""
    from pipeline.dedup.ngrams import grams

    made = grams(texts, n=1)

    def tokens(row: int) -> bytes:
        return made.hashes[made.ends[row] : made.ends[row + 1]].tobytes()

    def inside(one: bytes, other: bytes) -> bool:
        short, long = sorted((one, other), key=len)
        place = long.find(short)
        while place >= 0 and place % 4:
            place = long.find(short, place + 1)
        return place >= 0

    holds = [
        inside(tokens(one), tokens(other))
        for one, other in zip(pairs.first, pairs.second, strict=True)
    ]
    return pairs.where(np.array(holds, bool))
