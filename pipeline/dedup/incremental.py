"""New rows against an earlier release, whose signatures are kept.

The release's MinHash signatures are computed once, by content, under
.cache/signatures; an index of datasketch is filled with them and asked for each new
row. True similarities decide, so only release rows that were proposed are read.
"""

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.dedup.ngrams import Grams, grams
from pipeline.dedup.pairs import Pairs
from pipeline.kernels import minhash, shingles
from pipeline.kernels.shards import Array, source_digest


def crossing(
    release: pl.DataFrame,
    made: Grams,
    rows: Array,
    plan: minhash.Plan,
    floor: float,
    *,
    n: int,
    unit: int,
    seed: int,
) -> Pairs:
    """Pairs (release row, new row) with Jaccard ≥ `floor`; `rows` of `made` are new."""
    index = _index(_signatures(release, plan, n=n, unit=unit, seed=seed), plan)
    ours = _signed(made, rows, plan)
    first, second = [], []
    for row, signature in zip(rows, ours, strict=True):
        if made.ends[row] == made.ends[row + 1]:
            continue
        for other in index.query(_sketch(signature, plan)):
            first.append(other)
            second.append(row)
    pairs = Pairs(np.array(first, int), np.array(second, int), np.zeros(len(first)))
    return _verified(release, made, pairs, floor, n=n, unit=unit)


def _verified(
    release: pl.DataFrame, made: Grams, pairs: Pairs, floor: float, *, n: int, unit: int
) -> Pairs:
    first, second = pairs.first, pairs.second
    theirs, their_place = np.unique(first, return_inverse=True)
    ours, our_place = np.unique(second, return_inverse=True)
    texts = release["problem"].gather(pl.Series(theirs, dtype=pl.UInt32))
    known = grams(texts, n=n, unit=unit)
    left, left_ends = known.sets(np.arange(len(theirs)))
    right, right_ends = made.sets(ours)
    score = shingles.jaccard_sorted(
        np.concatenate([left, right]),
        np.concatenate([left_ends, right_ends[1:] + left_ends[-1]]),
        their_place,
        our_place + len(theirs),
        floor,
    )
    near = score > 0
    order = np.lexsort((first[near], second[near]))
    return Pairs(first[near][order], second[near][order], score[near][order])


def _signatures(
    release: pl.DataFrame, plan: minhash.Plan, *, n: int, unit: int, seed: int
) -> Array:
    """MinHash values (rows, k) uint32 of the release, from the cache if it is there."""
    name = blake2b(digest_size=16)
    name.update(
        repr((n, unit, seed, plan.permutations.shape[1], source_digest())).encode()
    )
    name.update("\0".join(release["key"].to_list()).encode())
    folder = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "signatures"
    file = folder / f"{name.hexdigest()}.npy"
    if file.exists():
        kept: Array = np.load(file, mmap_mode="r")
        return kept
    made = grams(release["problem"], n=n, unit=unit)
    values = _signed(made, np.arange(release.height), plan)
    folder.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}.npy")
    np.save(draft, values)
    draft.replace(file)
    return values


def _signed(made: Grams, rows: Array, plan: minhash.Plan) -> Array:
    every = minhash.signatures(made.hashes, made.ends, plan.permutations)
    some: Array = every[rows]
    return some


def _index(signatures: Array, plan: minhash.Plan) -> Any:
    from datasketch import MinHashLSH

    bits = plan.permutations.shape[1]
    index = MinHashLSH(num_perm=bits, params=(plan.bands, plan.rows))
    with index.insertion_session(buffer_size=50_000) as session:
        for row, signature in enumerate(signatures):
            session.insert(row, _sketch(signature, plan), check_duplication=False)
    return index


def _sketch(signature: Array, plan: minhash.Plan) -> Any:
    from datasketch import MinHash

    return MinHash(
        num_perm=len(signature),
        hashvalues=signature,
        permutations=plan.permutations,
        scheme="affine32",
    )
