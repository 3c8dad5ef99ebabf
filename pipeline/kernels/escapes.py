r"""Which texts may be values of JSON that were never parsed."""

import numpy as np

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at

BACKSLASH, QUOTE = b'\\"'
OPENERS = np.zeros(256, np.bool_)  # of a record, or of blanks beyond ASCII before one
OPENERS[[*b'{["', *range(128, 256)]] = True


@compiled
def may_be_escaped(data: Array, offsets: Array) -> Array:
    r"""Whether each text begins as a record does, or holds `\\` or `\"` (bool)."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        position, end = offsets[row], offsets[row + 1]
        while position < end and data[position] <= 32:
            position += 1
        out[row] = position < end and OPENERS[data[position]]
        while position < end and not out[row]:
            if data[position] == BACKSLASH:
                out[row] = byte_at(data, position + 1, end) in (BACKSLASH, QUOTE)
            position += 1
    return out
