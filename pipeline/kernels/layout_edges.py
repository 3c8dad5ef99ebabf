r"""What stands at either edge of a problem and is not of it: instructions, sources.

"Please reason step by step, and put your final answer within \boxed{}.", "[4 marks]",
"(AIME 2009 Problem 4)", "Source: Canadian Open 2011". An instruction is made of nothing
but words that say how to answer (`edge_words`): "Round your answer to the nearest
tenth" has others, and stays. So does a source that has more than capitals and numbers.

Reading stops at the first word that is of no list: most texts pay for two words.
"""

import numpy as np

from pipeline.kernels.edge_ends import drop_part
from pipeline.kernels.edge_fronts import skip_part
from pipeline.kernels.layout_marks import mark_text
from pipeline.kernels.shards import Array, compiled

LEAST_REST = 12  # bytes that must be left
MOST = 8  # parts that are taken from an edge


@compiled
def find_layout(
    data: Array, offsets: Array, words: Array, endings: Array
) -> tuple[Array, Array]:
    """(the marks of each text, uint16; where those without begin and end).

    In one go, while a text is near at hand: most of what edges cost is to fetch it.
    """
    marks = np.empty(len(offsets) - 1, np.uint16)
    spans = np.empty((len(marks), 2), np.int64)
    for row in range(len(marks)):
        begin, end = offsets[row], offsets[row + 1]
        marks[row] = mark_text(data, begin, end)
        if marks[row] == 0:
            begin, end = _cut(data, begin, end, words, endings)
        spans[row] = begin, end
    return marks, spans


@compiled
def find_edges(data: Array, offsets: Array, words: Array, endings: Array) -> Array:
    """Where the problem of each text begins and ends: int64 (texts, 2)."""
    spans = np.empty((len(offsets) - 1, 2), np.int64)
    for row in range(len(spans)):
        spans[row] = _cut(data, offsets[row], offsets[row + 1], words, endings)
    return spans


@compiled
def _cut(
    data: Array, begin: int, end: int, words: Array, endings: Array
) -> tuple[int, int]:
    for _ in range(MOST):
        start = skip_part(data, begin, end, words)
        if start == begin or end - start < LEAST_REST:
            break
        begin = start
    for _ in range(MOST):
        stop = drop_part(data, begin, end, words, endings)
        if stop == end or stop - begin < LEAST_REST:
            break
        end = stop
    return begin, end
