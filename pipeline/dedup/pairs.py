"""Pairs of similar rows, as arrays: light enough to be imported anywhere."""

from dataclasses import dataclass, replace

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Similar rows: `first` < `second` int32, `score` float64 in [0, 1].

    They stand in the order of the later row, then of the earlier. `leader` int32
    (rows,), where given, names for every row the first one that is equal to it in all
    that counts; pairs are then of leaders only. `relation` uint8, where given, is what
    each pair is (`kernels.relations`). `crowded` is how many rows had more neighbours
    than were kept.
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

    def distinct(self) -> "Pairs":
        """Each pair once, in order."""
        _, places = np.unique(pair_key(self.first, self.second), return_index=True)
        return self.take(places)

    def settle(self, rows: int) -> "Pairs":
        """Those that can send another than the first `rows` rows away."""
        leader = self.leader
        if leader is not None:
            leader = np.concatenate([np.arange(rows), leader[rows:]])
        return replace(self.take(self.second >= rows), leader=leader)


def holds_run(text: bytes, run: bytes, size: int) -> bool:
    """Whether the tokens of `run` stand in `text` one after the other.

    Both are hashes of tokens, `size` bytes each.
    """
    position = text.find(run)
    while position % size and position >= 0:  # a match that begins inside a token
        position = text.find(run, position + 1)
    return position >= 0


def pair_key(first: Array, second: Array) -> Array:
    """One int64 for a pair of rows; keys sort by the later row, then the earlier."""
    return (second.astype(np.int64) << 32) | first.astype(np.int64)
