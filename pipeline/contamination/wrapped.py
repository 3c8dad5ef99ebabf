"""Items that a text says and nothing beside: bare, or in words put around many.

An item without rare content, "Compute 3-3.", is in any text by chance. But a text that
is nothing else is a copy of it, and so is one in a wrapper: words before and behind
that stand around other items of the benchmarks as well.
"""

import numpy as np

from pipeline.contamination.items import Reading
from pipeline.contamination.witnesses import CONTRADICT
from pipeline.kernels.shards import Array

WRAPS = 3  # items, at least, that the same words stand around
MARKS = " \t\r\n.,:;!?*_#>|-\"'`$()[]{}"


def find_wrapped(
    read: Reading, row: Array, span: Array, item: Array, same_answer: Array
) -> Array:
    """Whether each text says its item, found at `span`, and nothing of its own (bool).

    `same_answer` is as `compare_answers` gives it; in a wrapper answers must agree.
    """
    wrappers = [
        _cut_around(read, *pair) for pair in zip(row.tolist(), *span, strict=True)
    ]
    held: dict[tuple[str, str], set[int]] = {}
    for wrapper, number in zip(wrappers, item.tolist(), strict=True):
        held.setdefault(wrapper, set()).add(number)
    is_bare = np.array([wrapper == ("", "") for wrapper in wrappers], bool)
    wraps = np.array([len(held[wrapper]) for wrapper in wrappers], int)
    said: Array = (is_bare & (same_answer > CONTRADICT)) | (
        (wraps >= WRAPS) & (same_answer > 0)
    )
    return said


def _cut_around(read: Reading, row: int, begin: int, end: int) -> tuple[str, str]:
    """What stands before and behind tokens of a text, without marks at either end."""
    tokens, data = read.tokens, read.texts[row].encode()
    first, last = tokens.ends[row] + begin, tokens.ends[row] + end - 1
    around = data[: tokens.starts[first]], data[tokens.stops[last] :]
    before, behind = (side.decode(errors="replace").strip(MARKS) for side in around)
    return before, behind
