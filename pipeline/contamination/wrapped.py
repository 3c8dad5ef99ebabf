"""Items that a text says and nothing beside: bare, or in words put around many.

An item without rare content, "Compute 3-3.", is in many a text by chance, and nothing
shows which of them is a leak. But a text that is nothing else is a copy of it. So is
one in a wrapper, the words of a template: they stand around other items of the
benchmarks as well, and the answers agree. A stem behind different problems ("… Which of
the following is true?") has other words around it each time, and is no leak.
"""

import numpy as np

from pipeline.contamination.items import Reading
from pipeline.contamination.witnesses import CONTRADICT, WEAKLY
from pipeline.kernels.shards import Array

WRAPS = 3  # items, at least, that the same words stand around


def find_wrapped(
    read: Reading, row: Array, span: Array, item: Array, same_answer: Array
) -> Array:
    """Whether each text says its item, tokens `span`, and nothing of its own (bool).

    Arrays are (pairs,), `span` int64 (2, pairs). `same_answer` is as `compare_answers`
    gives it: a bare item needs no answer, but none that contradicts; in a wrapper both
    must agree.
    """
    wrappers = [
        _cut_around(read, *pair) for pair in zip(row.tolist(), *span, strict=True)
    ]
    wrapped: dict[tuple[bytes, bytes], set[int]] = {}
    for wrapper, number in zip(wrappers, item.tolist(), strict=True):
        wrapped.setdefault(wrapper, set()).add(number)
    is_bare = np.array([not any(wrapper) for wrapper in wrappers], bool)
    counts = np.array([len(wrapped[wrapper]) for wrapper in wrappers], int)
    is_leak: Array = (is_bare & (same_answer > CONTRADICT)) | (
        (counts >= WRAPS) & (same_answer >= WEAKLY)
    )
    return is_leak


def _cut_around(read: Reading, row: int, begin: int, end: int) -> tuple[bytes, bytes]:
    """The tokens before and behind those from `begin` to `end`, as bytes."""
    first, last = read.tokens.ends[row : row + 2]
    codes = read.tokens.codes[first:last]
    return codes[:begin].tobytes(), codes[end:].tobytes()
