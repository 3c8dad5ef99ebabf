"""Whether two words are one word in two spellings.

British and American ("colour", "centre", "analyse"), the plural and other endings of
one stem, and the slips of typists: a letter left out, doubled, swapped or wrong inside
a long word. "prefix" and "suffix" are as near by the count of edits; so the
first and the last letter must agree, and only one edit may be made.
"""

from itertools import pairwise, permutations

import numpy as np
from numpy import uint8

from pipeline.kernels.shards import Array, compiled

SHORTEST_SLIP, SHORTEST_SWAP, SHORTEST_STEM = 5, 7, 4  # letters
S, Z, E_, R, D, APOSTROPHE = b"szerd'"


# Letters that one hand takes for another: neighbours on the keyboard, and vowels.
SLIPS = np.zeros((256, 256), np.bool_)
for _row in ("qwertyuiop", "asdfghjkl", "zxcvbnm"):
    for _left, _right in pairwise(map(ord, _row)):
        SLIPS[_left, _right] = SLIPS[_right, _left] = True
for _left, _right in permutations(b"aeiouy", 2):
    SLIPS[_left, _right] = True


@compiled
def lower(byte: uint8) -> uint8:
    """`byte` in lower case, where it is an ASCII letter."""
    return uint8(byte | 0x20) if 65 <= byte <= 90 else byte


@compiled
def is_variant(data: Array, start: int, stop: int, other: int, other_stop: int) -> bool:
    """Whether two words of `data` are one; `stop` and `other_stop` are their ends."""
    if stop - start > other_stop - other:  # the first is the shorter
        start, stop, other, other_stop = other, other_stop, start, stop
    size, longer = stop - start, other_stop - other
    if size < SHORTEST_STEM or longer - size > 3:
        return False
    same = 0
    while same < size and lower(data[start + same]) == lower(data[other + same]):
        same += 1
    if same == size:
        return _is_ending(data, other + same, other_stop)
    behind = 0
    while behind < size - same and lower(data[stop - 1 - behind]) == lower(
        data[other_stop - 1 - behind]
    ):
        behind += 1
    rest, other_rest = size - same - behind, longer - same - behind
    if same == 0:
        return False
    if rest == 0 and other_rest == 1:  # a letter left out
        return size >= SHORTEST_SLIP and behind > 0
    left, right = lower(data[start + same]), lower(data[other + same])
    if rest == other_rest == 1:
        if (left == S and right == Z) or (left == Z and right == S):
            return True
        is_near = _is_slip(data, start + same, stop, other + same)
        return bool(size >= SHORTEST_SWAP and behind > 0 and left < 128 and is_near)
    if rest == other_rest == 2 and size >= SHORTEST_SLIP:  # two letters swapped
        second, other_second = data[start + same + 1], data[other + same + 1]
        return bool(lower(second) == right and lower(other_second) == left)
    return (
        _is_ending(data, start + same, stop)
        and _is_ending(data, other + same, other_stop)
        and same >= SHORTEST_STEM
    )


@compiled
def _is_slip(data: Array, place: int, stop: int, other: int) -> bool:
    """Whether one letter may stand for another by mistake; nitrate is no nitrite."""
    left, right = lower(data[place]), lower(data[other])
    last = stop - 1 - (lower(data[stop - 1]) == S)
    names_salt = last - place == 2 and lower(data[last]) == E_
    return bool(SLIPS[left, right]) and not names_salt


@compiled
def _is_ending(data: Array, start: int, stop: int) -> bool:
    """Whether `data` from `start` to `stop` is s, e, es, d, ed or ing, or nothing."""
    size = stop - start
    if size == 0:
        return True
    first, last = lower(data[start]), lower(data[stop - 1])
    if size == 1:
        return bool(first in (S, E_, D))
    if size == 2:
        return bool(first == E_ and (last in (S, D)))
    return bool(
        size == 3 and first == 105 and lower(data[start + 1]) == 110 and last == 103
    )


@compiled
def joins_to(
    data: Array, start: int, stop: int, then: int, then_stop: int, other: int, end: int
) -> bool:
    """Whether the word from `other` to `end` is the two before it, put together."""
    first = stop - start
    if first + then_stop - then != end - other:
        return False
    for step in range(end - other):
        position = start + step if step < first else then + step - first
        if lower(data[position]) != lower(data[other + step]):
            return False
    return True


@compiled
def is_opposite(
    data: Array, start: int, stop: int, other: int, end: int, prefixes: Array
) -> bool:
    """Whether one of two words is the other behind one of `prefixes`; see `wording`."""
    if stop - start < end - other:
        start, stop, other, end = other, end, start, stop
    more = (stop - start) - (end - other)
    if end - other < 3 or more == 0 or more > prefixes.shape[1]:
        return False
    for step in range(end - other):
        if lower(data[start + more + step]) != lower(data[other + step]):
            return False
    for row in range(len(prefixes)):
        size = 0
        while size < more and prefixes[row, size] == lower(data[start + size]):
            size += 1
        if size == more and (more == prefixes.shape[1] or prefixes[row, more] == 0):
            return True
    return False


@compiled
def is_same_product(
    data: Array, start: int, stop: int, other: int, other_stop: int, letters: Array
) -> bool:
    """Whether two short words are a product of variables, one with other names."""
    if stop - start != other_stop - other or not 2 <= stop - start <= 3:
        return False
    renamed = False
    for step in range(stop - start):
        left, right = data[start + step], data[other + step]
        if left != right and letters[left] != right:
            return False
        renamed |= left != right
    return renamed
