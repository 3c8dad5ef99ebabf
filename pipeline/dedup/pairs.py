"""Similar rows, as arrays: light enough to be imported anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# Pairs a little below the threshold tell how much hangs on it.
MARGIN = 0.05
Array = np.ndarray


@dataclass(frozen=True)
class Pairs:
    """Similar rows: `first` < `second` int32, `score` float64 in [0, 1].

    `leader` int32 (rows,), where given, names for every row the first one that is
    equal to it in all that counts; pairs are then of leaders only. `relation`
    uint8, where given, is what each pair is (`kernels.guard`). `crowded` is how many
    rows had more to look at than CROWD.
    """

    first: Array
    second: Array
    score: Array
    leader: Array | None = None
    relation: Array | None = None
    crowded: int = 0

    @staticmethod
    def of(pairs: "Iterable[tuple[int, int, float]] | Pairs") -> "Pairs":
        """Pairs from an iterable of (earlier, later, similarity)."""
        if isinstance(pairs, Pairs):
            return pairs
        table = list(pairs)
        return Pairs(
            np.array([pair[0] for pair in table], np.int32),
            np.array([pair[1] for pair in table], np.int32),
            np.array([pair[2] for pair in table], np.float64),
        )

    def where(self, mask: Array) -> "Pairs":
        """The pairs for which `mask` holds."""
        return Pairs(
            self.first[mask],
            self.second[mask],
            self.score[mask],
            self.leader,
            None if self.relation is None else self.relation[mask],
            self.crowded,
        )


def order_of(height: int, priority: Array | None) -> Array:
    """Row numbers in the order in which rows are taken."""
    if priority is None:
        return np.arange(height)
    return np.argsort(priority, kind="stable")


def in_order(pairs: Pairs, height: int, priority: Array | None) -> Pairs:
    """Pairs as places in the order, sorted by the later one."""
    place = np.empty(height, np.int32)
    place[order_of(height, priority)] = np.arange(height, dtype=np.int32)
    one, other = place[pairs.first], place[pairs.second]
    first, second = np.minimum(one, other), np.maximum(one, other)
    sort = np.lexsort((first, second))
    leader = None
    if pairs.leader is not None:
        leader = np.empty(height, np.int32)
        leader[place] = place[pairs.leader]
    relation = None if pairs.relation is None else pairs.relation[sort]
    return Pairs(first[sort], second[sort], pairs.score[sort], leader, relation)
