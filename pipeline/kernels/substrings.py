"""Which of many strings are in texts: all of them in one pass (Aho and Corasick, 1975).

To look for each by itself costs a pass each, and an expression of polars takes longer
to set up than a few hundred texts take to read.
"""

from collections.abc import Iterable

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled

# What a byte is; of a state and a byte the next state; what a state ends. A state is
# where its row of the second begins.
Automaton = tuple[Array, Array, Array]
CLASSES = 128  # of bytes: how long a row is


def build_automaton(groups: Iterable[Iterable[str]]) -> Automaton:
    """An automaton for at most 64 groups of strings; group i is bit i of what it finds.

    Arrays: uint8 (256,), uint32 (states * CLASSES,), uint64 (states,).
    """
    bits: dict[bytes, int] = {}
    for group, strings in enumerate(groups):
        for string in strings:
            bits[string.encode()] = bits.get(string.encode(), 0) | 1 << group
    classes = np.zeros(256, np.uint8)
    classes[sorted({*b"".join(bits)})] = 1
    classes[classes > 0] = np.arange(1, classes.sum() + 1)
    children, ends = [dict[int, int]()], [0]
    for encoded, bit in bits.items():
        state = 0
        for byte in classes[[*encoded]].tolist():
            if byte not in children[state]:
                children[state][byte] = len(children)
                children.append({})
                ends.append(0)
            state = children[state][byte]
        ends[state] |= bit
    steps = np.zeros((len(children), CLASSES), np.uint32)
    # A state goes on as the longest one that ends as it does, but for its own children.
    waiting = [(0, 0)]
    for state, shorter in waiting:
        ends[state] |= ends[shorter]
        waiting += [
            (child, int(steps[shorter, byte]))
            for byte, child in children[state].items()
        ]
        steps[state] = steps[shorter]
        steps[state, [*children[state]]] = [*children[state].values()]
    return classes, (steps * CLASSES).ravel(), np.array(ends, uint64)


@compiled
def find_substrings(
    data: Array, offsets: Array, automaton: Automaton
) -> tuple[Array, Array]:
    """Two uint64 for each text: the groups of which it holds a string, as bits, and
    for all places where strings of one group or more end, in any order.
    """
    classes, steps, ends = automaton
    found, places = np.zeros((2, len(offsets) - 1), uint64)
    for row in range(len(found)):
        state, some, every = steps[0], uint64(0), uint64(0)
        for byte in data[offsets[row] : offsets[row + 1]]:
            state = steps[state + classes[byte]]
            end = ends[state // np.uint32(CLASSES)]
            some, every = some | end, every + end
        found[row], places[row] = some, every
    return found, places
