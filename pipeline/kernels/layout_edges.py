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
from pipeline.kernels.shards import Array, compiled

LEAST_REST = 12  # bytes that must be left
MOST = 8  # parts that are taken from an edge


@compiled
def find_edges(data: Array, offsets: Array, words: Array) -> Array:
    """Where the problem of each text begins and ends: int64 (texts, 2)."""
    spans = np.empty((len(offsets) - 1, 2), np.int64)
    for row in range(len(spans)):
        begin, end = offsets[row], offsets[row + 1]
        for _ in range(MOST):
            start = skip_part(data, begin, end, words)
            if start == begin or end - start < LEAST_REST:
                break
            begin = start
        for _ in range(MOST):
            stop = drop_part(data, begin, end, words)
            if stop == end or stop - begin < LEAST_REST:
                break
            end = stop
        spans[row] = begin, end
    return spans
