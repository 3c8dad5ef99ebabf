"""Letters that stand alone: variables, whose case counts, and articles.

In "find a" and "find A" of one triangle two things are asked for; "A train" and
"a train" are one.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.sentences import begins_sentence
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import is_letter

QUOTE, APOSTROPHE = b"\"'"
CAPITAL_A, SMALL_A = b"Aa"
TO_SMALL = uint64(0x20)


@compiled
def variables_hash(
    data: Array, begins: Array, finishes: Array, ends: Array, starts: Array,
    stops: Array,
) -> Array:  # fmt: skip
    """A uint64 for the variables of each text, in order and in their case.

    The tokens are those of `Tokens`, with spans; text i is in `data` from `begins[i]`
    to `finishes[i]`. Case says nothing in a text without words in small letters.
    """
    out = np.zeros(len(ends) - 1, uint64)
    for text in range(len(out)):
        begin, value, folded = begins[text], uint64(0), uint64(0)
        has_small_words = False
        for token in range(ends[text], ends[text + 1]):
            start, stop = begin + starts[token], begin + stops[token]
            if stop - start > 1:
                has_small_words |= 97 <= data[stop - 1] <= 122
            elif is_letter(data[start]) and is_variable(
                data, begin, finishes[text], start
            ):
                letter = uint64(data[start])
                value = value * STEP + letter
                folded = folded * STEP + (letter | TO_SMALL)
        out[text] = fmix64(value if has_small_words else folded)
    return out


@compiled
def is_variable(data: Array, begin: int, end: int, start: int) -> bool:
    """Whether the letter that stands alone at `start` is no article.

    The text is in `data` from `begin` to `end`.
    """
    if start > begin and data[start - 1] == APOSTROPHE:
        return False
    behind = start + 1
    while behind < end and data[behind] <= 32:
        behind += 1
    is_article = (
        data[start] in (CAPITAL_A, SMALL_A)
        and start + 1 < behind < end
        and (is_letter(data[behind]) or data[behind] in (QUOTE, APOSTROPHE))
    )
    return bool(
        not is_article
        or (data[start] == CAPITAL_A and not begins_sentence(data, begin, start))
    )
