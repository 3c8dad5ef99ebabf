r"""Vectors: their products, and the arrows over them.

A dot and a cross join numbers in one way, and vectors in two.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_marks import is_single
from pipeline.kernels.latex_vocabulary import token_code
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import is_letter

NABLA, VECTOR, CROSS_PRODUCT = (uint64(token_code(name)) for name in ("∇", "vec", "×"))
LETTERS = np.array([token_code(chr(letter)) for letter in range(97, 123)], uint64)
VECTORS = LETTERS[[20, 21, 22]]  # u, v, w: two of them are vectors anywhere
NEAR = 400  # bytes
SPACE, OPEN_BRACE, OPEN, EQUALS, BACKSLASH, QUOTE = b' {(=\\"'
SMALL_V, SMALL_E, SMALL_C, SMALL_T, SMALL_H, SMALL_K, SMALL_B, SMALL_F = b"vecthkbf"
SMALL_U, SMALL_W = b"uw"


@compiled
def joins_vectors(codes: Array, data: Array, first: int, position: int) -> bool:
    """Whether the cross at `position` joins vectors; `codes` are the tokens before."""
    if len(codes) > 0 and codes[-1] == NABLA:
        return True
    if len(codes) > 1 and codes[-2] == VECTOR:
        return True
    if len(codes) == 0 or not is_in(codes[-1], LETTERS):
        return False
    if is_in(codes[-1], VECTORS) and _is_before_vector(data, position):
        return True
    return _speaks_of_vectors(data, first, position)


@compiled
def _is_before_vector(data: Array, position: int) -> bool:
    r"""Whether u, v or w alone is behind the cross at `position`: u \times v, u×v."""
    is_command = data[position] == BACKSLASH
    position += 1
    while position < len(data) and (
        is_letter(data[position]) if is_command else data[position] > 127
    ):
        position += 1
    while position < len(data) and data[position] == SPACE:
        position += 1
    alone = is_single(data, position, position, len(data))
    return alone and data[position] in (SMALL_U, SMALL_V, SMALL_W)


@compiled
def _speaks_of_vectors(data: Array, first: int, position: int) -> bool:
    """Whether vectors are named not long before, or given as in u = (1, 2)."""
    for place in range(position - 2, max(first + 3, position - NEAR), -1):
        byte, before, second = data[place], data[place - 1], data[place - 2]
        if byte == OPEN and EQUALS in (before, second):
            word = is_letter(data[place + 1]) and is_letter(data[place + 2])
            if data[place + 1] > SPACE and data[place + 1] != QUOTE and not word:
                return True
        if byte == SMALL_T and before in (SMALL_C, SMALL_K):  # vector, Vektor, vecteur
            if second == SMALL_E and data[place - 3] | 0x20 == SMALL_V:
                return True
        elif byte == SMALL_F and before == SMALL_B and second == SMALL_H:  # mathbf
            return True
    return False


@compiled
def is_over_letter(data: Array, position: int) -> bool:
    r"""Whether one letter alone is under the arrow that ends at `position`: \vec{v}."""
    while position < len(data) and data[position] in (OPEN_BRACE, SPACE):
        position += 1
    return is_single(data, position, position, len(data))
