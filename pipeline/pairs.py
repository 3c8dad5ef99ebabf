"""Similar rows, as arrays: light enough to be imported anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# Pairs a little below the threshold tell how much hangs on it.
MARGIN = 0.1
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
