"""Similar pairs by MinHash-LSH on the machines of a cluster: those that one finds.

N-grams are made where they are needed, and made again rather than moved: a text is
smaller than they are. What is moved is, of every row, its band keys, in the shuffle
that brings rows of one key together; then, of every pair, its two texts. This machine
holds the texts, the pairs, and the rows of crowded buckets.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.cluster.each import Work, each
from pipeline.cluster.shuffle import PARTITION, shuffle
from pipeline.dedup.ngrams import (
    CROWD,
    HashQuantities,
    Ngrams,
    extract_ngrams,
    pair_crowds,
    score_pairs,
)
from pipeline.dedup.pairs import Array, Pairs
from pipeline.kernels import minhash

ROWS = 50_000  # texts of a batch
PAIRS = 50_000  # pairs of a batch
ENTRIES = 1 << 22  # band keys of a partition, about: 12 bytes each

MET = pl.Schema(
    {
        "first": pl.UInt32,
        "second": pl.UInt32,  # null for a row of a crowded bucket
        "band": pl.UInt8,
        "key": pl.UInt32,
    }
)


class Texts(NamedTuple):
    """A run of texts, and the number of the first."""

    texts: pl.Series
    start: int


class Candidates(NamedTuple):
    """Pairs of some texts, by their places among them (int32).

    `band` is where they met first, of where they looked at each other. A pair whose
    keys are equal in an earlier band met in a crowd, and is none: as on one machine.
    """

    texts: pl.Series
    first: Array
    second: Array
    band: Array


def read_prints(texts: pl.Series, n: int) -> tuple[Array, Array]:
    """Of each text the print of its n-grams (uint64), and whether it has none."""
    read = [*each(partial(_open_prints, n), _cut(texts))]
    prints = [np.zeros(0, np.uint64), *(prints for prints, _ in read)]
    is_empty = [np.zeros(0, bool), *(is_empty for _, is_empty in read)]
    return np.concatenate(prints), np.concatenate(is_empty)


def _cut(texts: pl.Series) -> list[Texts]:
    starts = range(0, len(texts), ROWS)
    return [Texts(texts.slice(start, ROWS), start) for start in starts]


@contextmanager
def _open_prints(n: int) -> Iterator[Work[Texts, tuple[Array, Array]]]:
    def work(batch: Texts) -> tuple[Array, Array]:
        ngrams = extract_ngrams(batch.texts, n=n)
        return ngrams.prints, np.diff(ngrams.ends) == 0

    yield work


def lsh_pairs(
    texts: pl.Series,
    n: int,
    plan: minhash.Plan,
    floor: float,
    hash_quantities: HashQuantities | None = None,
) -> Pairs:
    """As `ngrams.lsh_pairs` of all `texts`, each of which has an n-gram."""
    partitions = 2 + len(texts) * plan.bands // ENTRIES
    spread = partial(_open_bands, n, plan, partitions)
    met = pl.concat(
        [MET.to_frame(), *shuffle(spread, _cut(texts), meet, partitions=partitions)]
    )
    is_pair = pl.col("second").is_not_null()
    pairs = met.filter(is_pair).select("first", "second", "band")
    crowds = _pair_crowds(met.filter(~is_pair), hash_quantities)
    pairs = pl.concat([pairs, crowds]).group_by("first", "second").agg(pl.min("band"))
    return _verify(texts, n, plan, pairs.sort("second", "first"), floor)


def _pair_crowds(
    crowds: pl.DataFrame, hash_quantities: HashQuantities | None
) -> pl.DataFrame:
    """(first, second, band) of the rows of crowded buckets; the band is always 0."""
    rows = crowds["first"].to_numpy().astype(np.int32)
    quantity = np.zeros(len(rows), np.uint64)
    if hash_quantities is not None and len(rows):
        distinct, places = np.unique(rows, return_inverse=True)
        quantity = hash_quantities(distinct)[places]
    bucket = crowds.select(pl.col("band").cast(pl.UInt64) * (1 << 32) + pl.col("key"))
    first, second = pair_crowds(rows, bucket.to_series().to_numpy(), quantity)
    pairs = pl.DataFrame({"first": first, "second": second}).with_columns(band=0)
    return pairs.cast({name: MET[name] for name in pairs.columns})


@contextmanager
def _open_bands(
    n: int, plan: minhash.Plan, partitions: int
) -> Iterator[Work[Texts, pl.DataFrame]]:
    """The bands of a run of texts: (partition, band, key, row)."""

    def work(batch: Texts) -> pl.DataFrame:
        keys = _band_keys(extract_ngrams(batch.texts, n=n), plan)
        rows = np.arange(batch.start, batch.start + len(batch.texts), dtype=np.uint32)
        band = np.repeat(np.arange(plan.bands, dtype=np.uint32), len(rows))
        key = keys.reshape(-1)
        table = {
            "partition": (key + band) % partitions,
            "band": band,
            "key": key,
            "row": np.tile(rows, plan.bands),
        }
        return pl.DataFrame(table).cast({"partition": PARTITION, "band": pl.UInt8})

    yield work


def meet(rows: pl.DataFrame) -> pl.DataFrame:
    """MET of the rows of a partition: pairs that share a key; the rows of crowds."""
    parts = [MET.to_frame()]
    for (band,), part in rows.sort("band", "row").group_by("band", maintain_order=True):
        key, row = part["key"].to_numpy(), part["row"].to_numpy()
        first, second, crowded = minhash.find_collisions(
            key[None, :], 0, np.ones(len(key), bool), CROWD
        )
        crowd = np.isin(key, np.unique(key[crowded]))
        pairs = pl.DataFrame({"first": row[first], "second": row[second]})
        crowds = pl.DataFrame({"first": row[crowd], "key": key[crowd]})
        both = pl.concat([pairs, crowds], how="diagonal").with_columns(band=band)
        parts.append(both.select(MET.names()).cast(MET))
    return pl.concat(parts)


def _verify(
    texts: pl.Series, n: int, plan: minhash.Plan, pairs: pl.DataFrame, floor: float
) -> Pairs:
    """Those of the pairs whose true similarity reaches `floor`, in order."""
    work = partial(_open_verifying, n, plan, floor)
    batches = (_with_texts(texts, part) for part in pairs.iter_slices(PAIRS))
    score = np.concatenate([np.zeros(0), *each(work, batches)])
    near = pairs.filter(pl.Series(score > 0, dtype=pl.Boolean))
    first, second = near.select(pl.col("first", "second").cast(pl.Int32))
    return Pairs(first.to_numpy(), second.to_numpy(), score[score > 0])


def _with_texts(texts: pl.Series, pairs: pl.DataFrame) -> Candidates:
    first, second, band = (column.to_numpy() for column in pairs)
    rows, places = np.unique(np.r_[first, second], return_inverse=True)
    places = places.astype(np.int32)
    own = texts.gather(pl.Series(rows, dtype=pl.UInt32))
    return Candidates(own, places[: len(first)], places[len(first) :], band)


@contextmanager
def _open_verifying(
    n: int, plan: minhash.Plan, floor: float
) -> Iterator[Work[Candidates, Array]]:
    """The similarity of every pair, 0 where it is below the floor, or is none."""

    def work(batch: Candidates) -> Array:
        ngrams = extract_ngrams(batch.texts, n=n)
        keys = _band_keys(ngrams, plan)
        met = (keys[:, batch.first] == keys[:, batch.second]).argmax(axis=0)
        score = np.zeros(len(batch.first))
        stays = met >= batch.band
        sizes = np.full(len(batch.texts), -1, np.int32)
        pairs = batch.first[stays], batch.second[stays]
        score[stays] = score_pairs(ngrams, *pairs, floor, sizes)
        return score

    yield work


def _band_keys(ngrams: Ngrams, plan: minhash.Plan) -> Array:
    """The keys (bands, rows) uint32 of all rows."""
    rows = np.arange(len(ngrams.prints), dtype=np.int32)
    bands = plan.permutations, plan.bands, plan.rows
    return np.asarray(minhash.band_keys(ngrams.hashes, ngrams.ends, rows, *bands))
