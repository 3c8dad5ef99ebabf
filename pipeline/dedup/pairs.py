"""Pairs of similar rows, as arrays: light enough to be imported anywhere."""

from dataclasses import dataclass, replace

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Similar rows: `first` < `second` int32, `score` float64 in [0, 1].

    `leader` int32 (rows,), where given, names for every row the first one that is
    equal to it in all that counts; pairs are then of leaders only. `relation` uint8,
    where given, is what each pair is (`kernels.relations`). `crowded` is how many
    rows had more neighbours than were kept.
    """

    first: Array
    second: Array
    score: Array
    leader: Array | None = None
    relation: Array | None = None
    crowded: int = 0

    def take(self, which: Array) -> "Pairs":
        """Those that `which` names, by their numbers or by a mask (bool)."""
        return replace(
            self,
            first=self.first[which],
            second=self.second[which],
            score=self.score[which],
            relation=None if self.relation is None else self.relation[which],
        )


def rank_pairs(pairs: Pairs, order: Array) -> Pairs:
    """`pairs` by places in `order` instead of row numbers, sorted by the later place.

    `order` (rows,) holds the row numbers in the order in which rows are taken.
    """
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    one, other = place[pairs.first], place[pairs.second]
    first, second = np.minimum(one, other), np.maximum(one, other)
    leader = None if pairs.leader is None else place[pairs.leader[order]]
    ranked = replace(pairs, first=first, second=second, leader=leader)
    return ranked.take(np.lexsort((first, second)))


def holds_run(text: bytes, run: bytes, size: int) -> bool:
    """Whether the tokens of `run` stand in `text` one after the other.

    Both are hashes of tokens, `size` bytes each.
    """
    place = text.find(run)
    while place % size and place >= 0:  # a match that begins inside a token
        place = text.find(run, place + 1)
    return place >= 0


def pair_key(first: Array, second: Array) -> Array:
    """One int64 for a pair of rows; keys sort by the later row, then the earlier."""
    return (second.astype(np.int64) << 32) | first.astype(np.int64)
