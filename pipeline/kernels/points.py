"""Names of points, such as the A, AB and ABC of a triangle, by what is where."""

import numpy as np
from numpy import uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import bits_between, first_bits

LONGEST = 4  # letters
CAPITAL_A, SPACE = b"A "
IN_WORD = np.zeros(256, np.bool_)
IN_WORD[[byte for byte in range(256) if byte > 127 or chr(byte).isalnum()]] = True
IN_WORD[ord("_")] = True


@compiled
def hash_points(data: Array, offsets: Array, rows: Array) -> tuple[Array, Array]:
    """Two uint64 for each text: for its names of points, and for them by their order.

    Texts of which the second is equal are one in this, with other letters. Both are 0
    for texts that are not in `rows`.
    """
    names, order = np.zeros((2, len(offsets) - 1), uint64)
    numbers = np.zeros(128, np.int64)
    for row in rows:
        position, end, count, known = offsets[row], offsets[row + 1], 0, 0
        if not _hold_names(data, position, end):
            continue
        while position < end:
            start = position
            while position < end and 65 <= data[position] <= 90:
                position += 1
            is_name = 0 < position - start <= LONGEST and not (
                position < end and IN_WORD[data[position]]
            )
            if is_name and not _is_article(data, start, position, end):
                if known == 0:
                    numbers[:] = 0
                known = 1
                for place in range(start, position):
                    letter = data[place]
                    if numbers[letter] == 0:
                        count += 1
                        numbers[letter] = count
                    names[row] = names[row] * STEP + uint64(letter)
                    order[row] = order[row] * STEP + uint64(numbers[letter])
                names[row] = fmix64(names[row] + uint64(1))
                order[row] = fmix64(order[row] + uint64(1))
            while position < end and IN_WORD[data[position]]:
                position += 1
            while position < end and not IN_WORD[data[position]]:
                position += 1
    return names, order


@compiled
def _hold_names(data: Array, begin: int, end: int) -> bool:
    """Whether two capitals are side by side; a name of one letter is no name alone."""
    before = uint64(0)
    for block in range(begin, end, 64):
        if block + 64 > len(data):
            return True
        capital = bits_between(data, block, 0, CAPITAL_A, 26) & first_bits(end - block)
        if capital & (capital << uint64(1) | before):
            return True
        before = capital >> uint64(63)
    return False


@compiled
def _is_article(data: Array, start: int, stop: int, end: int) -> bool:
    """Whether it is the A of "A train"."""
    return bool(
        stop - start == 1
        and data[start] == CAPITAL_A
        and stop + 1 < end
        and data[stop] == SPACE
        and data[stop + 1] >= 97
    )


@compiled
def hash_digits(data: Array, offsets: Array) -> Array:
    """A uint64 for the digits of each text, in order."""
    out = np.zeros(len(offsets) - 1, uint64)
    for row in range(len(out)):
        for position in range(offsets[row], offsets[row + 1]):
            if 48 <= data[position] <= 57:
                out[row] = fmix64(out[row] * STEP + uint64(data[position]))
    return out
