"""New rows against an earlier release, whose signatures are kept.

The release's MinHash signatures are computed once, by content, under
.cache/signatures; an index of datasketch is filled with them and asked for each new
row. True similarities decide, so only release rows that were proposed are read.
"""

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.dedup.ngrams import Ngrams, extract_ngrams
from pipeline.dedup.pairs import Pairs
from pipeline.files import replacing
from pipeline.kernels import minhash, shingles
from pipeline.kernels.shards import Array, source_digest
from pipeline.machine import cache_folder

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH


def release_pairs(
    release: pl.DataFrame, ngrams: Ngrams, plan: minhash.Plan, floor: float, *, n: int
) -> Pairs:
    """Pairs of a row of `release` and a row of `ngrams` with Jaccard ≥ `floor`."""
    index = _fill_index(_release_signatures(release, plan, n=n), plan)
    fresh = minhash.signatures(ngrams.hashes, ngrams.ends, plan.permutations)
    first, second = [], []
    for row in np.flatnonzero(np.diff(ngrams.ends)):
        proposed = index.query(_as_minhash(fresh[row], plan))
        first += proposed
        second += [row] * len(proposed)
    proposals = Pairs(np.array(first, int), np.array(second, int), np.zeros(len(first)))
    return _verify(release, ngrams, proposals, floor, n)


def _verify(
    release: pl.DataFrame, ngrams: Ngrams, pairs: Pairs, floor: float, n: int
) -> Pairs:
    """The proposed pairs whose true similarity reaches `floor`."""
    rows, place = np.unique(pairs.first, return_inverse=True)
    old = extract_ngrams(release["problem"].gather(rows.tolist()), n=n)
    ends = np.concatenate([old.ends, ngrams.ends[1:] + old.ends[-1]])
    score = shingles.jaccard_unsorted(
        np.concatenate([old.hashes, ngrams.hashes]),
        ends,
        place.astype(np.int32),
        (pairs.second + len(rows)).astype(np.int32),
        floor,
        np.full(len(ends) - 1, -1, np.int32),
    )
    return replace(pairs, score=score).take(score > 0)


def _release_signatures(release: pl.DataFrame, plan: minhash.Plan, *, n: int) -> Array:
    """MinHash values (rows, k) uint32 of the release, from the cache if they are there.

    The name of the file is a digest of the texts and of all that makes a signature.
    """
    digest = blake2b(repr((n, source_digest())).encode(), digest_size=16)
    digest.update(plan.permutations.tobytes())
    digest.update("\0".join(release["key"].to_list()).encode())
    file = cache_folder("signatures") / f"{digest.hexdigest()}.npy"
    if not file.exists():
        ngrams = extract_ngrams(release["problem"], n=n)
        values = minhash.signatures(ngrams.hashes, ngrams.ends, plan.permutations)
        with replacing(file) as draft:
            np.save(draft, values)
    signatures: Array = np.load(file, mmap_mode="r")
    return signatures


def _fill_index(signatures: Array, plan: minhash.Plan) -> "MinHashLSH":
    from datasketch import MinHashLSH

    index = MinHashLSH(num_perm=signatures.shape[1], params=(plan.bands, plan.rows))
    with index.insertion_session(buffer_size=50_000) as session:
        for row, signature in enumerate(signatures):
            session.insert(row, _as_minhash(signature, plan), check_duplication=False)
    return index


def _as_minhash(signature: Array, plan: minhash.Plan) -> "MinHash":
    from datasketch import MinHash

    return MinHash(
        num_perm=len(signature),
        hashvalues=signature,
        permutations=plan.permutations,
        scheme="affine32",
    )
