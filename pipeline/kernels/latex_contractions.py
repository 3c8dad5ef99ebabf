"""Short forms of English: "don't" is "do not", and "they're" is "they are"."""

import numpy as np
from numpy import uint64

from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_lexemes import read_letters
from pipeline.kernels.latex_vocabulary import split, token_code
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at, is_letter

SMALL_N = ord("n")
# What the letters behind an apostrophe stand for; of 'd nobody knows.
ENDINGS, WORDS = (
    np.array([token_code(word) for word in split(words)], uint64)
    for words in ("t re ve ll m s", "not are have will am is")
)
# Behind these 's is "is"; behind a name it says whose.
SUBJECTS = np.array(
    [
        token_code(word)
        for word in split("it that what there here where who how when he she")
    ],
    uint64,
)
CAN, LET, US = (uint64(token_code(word)) for word in ("can", "let", "us"))
IRREGULAR = np.array([token_code("won"), token_code("shan")], uint64)
REGULAR = np.array([token_code("will"), token_code("shall")], uint64)


@compiled
def read_contraction(
    data: Array, first: int, start: int, end: int
) -> tuple[uint64, int]:
    """(code, end) of the word that the apostrophe at `start` shortens.

    The end is `start` where it shortens none.
    """
    code, stop = read_letters(data, start + 1, end)
    begin = _begin_of_word(data, first, start)
    if begin == start or stop == start + 1 or byte_at(data, begin - 1, start) > 127:
        return code, start
    for number in range(len(ENDINGS)):
        if code != ENDINGS[number]:
            continue
        if code == ENDINGS[0] and data[start - 1] | 0x20 != SMALL_N:
            break
        subject, _ = read_letters(data, begin, start)
        if code == ENDINGS[-1] and subject == LET:
            return US, stop
        if code == ENDINGS[-1] and not is_in(subject, SUBJECTS):
            break
        return WORDS[number], stop
    return code, start


@compiled
def _begin_of_word(data: Array, first: int, end: int) -> int:
    while end > first and is_letter(data[end - 1]):
        end -= 1
    return end


@compiled
def leave_out_n(data: Array, first: int, apostrophe: int) -> uint64:
    """The code of the word that "n't" ends, without its n: "does" of "doesn't"."""
    begin = _begin_of_word(data, first, apostrophe)
    whole, _ = read_letters(data, begin, apostrophe)
    code, _ = read_letters(data, begin, apostrophe - (whole != CAN))
    for number in range(len(IRREGULAR)):
        if whole == IRREGULAR[number]:
            code = REGULAR[number]
    return code
