"""Words of two texts side by side, and whether names stand for each other all through.

The alignment is a longest common subsequence (Wagner and Fischer, 1974).
"""

import numpy as np

from pipeline.kernels.edit_words import NONE, VARIABLE
from pipeline.kernels.hashing import fmix64
from pipeline.kernels.shards import Array, compiled

MOST_CELLS = 1 << 20  # of an alignment; longer texts are compared as bags
NARROW = 4  # words beside the diagonal, at first


@compiled
def align(left: Array, right: Array, of_left: Array, of_right: Array) -> bool:
    """Fill the last two with the partner of each word on the other side, or NONE.

    Returns whether every word has one.
    """
    n, m = len(left), len(right)
    of_left[:n], of_right[:m] = NONE, NONE
    begin = 0
    while begin < n and begin < m and left[begin] == right[begin]:
        of_left[begin], of_right[begin] = begin, begin
        begin += 1
    while n > begin and m > begin and left[n - 1] == right[m - 1]:
        n, m = n - 1, m - 1
        of_left[n], of_right[m] = m, n
    if n == begin or m == begin or (n - begin) * (m - begin) > MOST_CELLS:
        return bool(n == begin and m == begin)
    _align_rest(left[begin:n], right[begin:m], begin, of_left, of_right)
    return False


@compiled
def _align_rest(
    left: Array, right: Array, begin: int, of_left: Array, of_right: Array
) -> None:
    """Fill the last two, from `begin` on, for words that neither begin nor end alike.

    All longest alignments lie in a band: one of length L leaves out no more than
    `len(left) - L` words of the left. So a narrow band is tried before a wider one.
    """
    rows, columns = len(left), len(right)
    longest = np.empty((rows + 1, columns + 1), np.int32)
    reach = NARROW
    while True:
        least, most = min(0, columns - rows) - reach, max(0, columns - rows) + reach
        for i in range(rows, -1, -1):
            low, high = max(0, i + least), min(columns, i + most)
            if high < columns:
                longest[i, high + 1] = -1
            for j in range(high, low - 1, -1):
                if i == rows or j == columns:
                    longest[i, j] = 0
                elif left[i] == right[j]:
                    longest[i, j] = longest[i + 1, j + 1] + 1
                else:
                    longest[i, j] = max(longest[i + 1, j], longest[i, j + 1])
            if low > 0:
                longest[i, low - 1] = -1
        missing = min(rows, columns) - longest[0, 0]
        if missing <= reach:
            break
        reach = max(missing, 4 * reach)
    i, j = 0, 0
    while i < rows and j < columns:
        if left[i] == right[j]:
            of_left[begin + i], of_right[begin + j] = begin + j, begin + i
            i, j = i + 1, j + 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1


@compiled
def is_one_to_one(identity: Array, role: Array, partner: Array, sizes: Array) -> bool:
    """Whether each name that stands for another does so everywhere.

    A variable that occurs once is no variable: "in C" and "in R" differ.
    """
    for word in range(sizes[0]):
        other = partner[0, word]
        if other < 0 or identity[0, word] == identity[1, other]:
            continue
        left, right, count = identity[0, word], identity[1, other], 0
        for position in range(sizes[0]):
            if identity[0, position] == left:
                count += 1
                match = partner[0, position]
                if match < 0 or identity[1, match] != right:
                    return False
        is_case = fmix64(left) == right or fmix64(right) == left
        if role[0, word] == VARIABLE and count < 2 and not is_case:
            return False
        for position in range(sizes[1]):
            if identity[1, position] == right:
                match = partner[1, position]
                if match < 0 or identity[0, match] != left:
                    return False
    return True
