"""Letters that stand alone: variables, whose case counts, and articles.

In "find a" and "find A" of one triangle two things are asked for; "A train" and
"a train" are one.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_vocabulary import split
from pipeline.kernels.sentences import begins_sentence
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import is_letter, starts_with

QUOTE, APOSTROPHE, BACKSLASH, OPEN_BRACE = b"\"'\\{"
BLANKS = tuple(b" ~")
ROMAN = np.frombuffer(b"\\mathrm{", np.uint8).copy()
# Words of two letters that are in capitals for their weight, and mean the same.
SHORT_WORDS = np.array(
    [int.from_bytes(word.encode()) for word in split(
        "is of to in or on at by an be as if it no do so up we he my us me go am pm"
    )],
    uint64,
)  # fmt: skip
LONGEST_NAME, UNIT = 6, 3  # letters of AaBbCc, and of MeV
CAPITAL_A, SMALL_A = b"Aa"
IN_NAMES = np.zeros(256, np.bool_)  # letters, and what joins names: O2 -> CO2
IN_NAMES[[byte for byte in range(128) if chr(byte).isalnum()]] = True
IN_NAMES[[*b"+-*/=<>^_|&", *range(128, 256)]] = True
METRE, GRAM, LITRE, CAPITAL_L = b"mglL"
TO_SMALL = uint64(0x20)


@compiled
def variables_hash(
    data: Array, begins: Array, finishes: Array, ends: Array, starts: Array,
    stops: Array,
) -> Array:  # fmt: skip
    """A uint64 for the variables of each text, in order and in their case.

    The tokens are those of `Tokens`, with spans; text i is in `data` from `begins[i]`
    to `finishes[i]`. Among words in capitals the case of a letter says nothing.
    """
    out = np.zeros(len(ends) - 1, uint64)
    for text in range(len(out)):
        begin, finish, value = begins[text], finishes[text], uint64(0)
        for token in range(ends[text], ends[text + 1]):
            start, size = begin + starts[token], stops[token] - starts[token]
            if is_short_name(data, start, start + size):
                if not stands_in_capitals(data, begin, finish, start):
                    value = value * STEP + pack_letters(data, start, start + size)
                continue
            if size > 1 or not is_letter(data[start]):
                continue
            if is_variable(data, begin, finish, start) and not is_unit(
                data, begin, start
            ):
                letter = uint64(data[start])
                if stands_in_capitals(data, begin, finish, start):
                    letter |= TO_SMALL
                value = value * STEP + letter
        out[text] = fmix64(value)
    return out


@inlined
def is_short_name(data: Array, start: int, stop: int) -> bool:
    """Whether a word is short and its case counts: CO (not Co), mW, MeV, Rr, AaBb."""
    size = stop - start
    if size > LONGEST_NAME or size < 2 or not is_letter(data[start]):
        return False
    if size == UNIT and data[start] | 0x20 == METRE:  # mPa, MeV; not MAX or max
        return bool((65 <= data[start + 1] <= 90) != (65 <= data[start + 2] <= 90))
    if size % 2 == 0 and _is_genotype(data, start, stop):
        return True
    if size != 2 or not 65 <= data[start + 1] <= 90:
        return False
    small = uint64(data[start] | 0x20) << uint64(8) | uint64(data[start + 1] | 0x20)
    return not is_in(small, SHORT_WORDS)


@compiled
def _is_genotype(data: Array, start: int, stop: int) -> bool:
    """Whether a word is of pairs of one letter, whatever their case: Rr, AaBB."""
    while start < stop:
        if not is_letter(data[start]) or (data[start] ^ data[start + 1]) & 0xDF:
            return False
        start += 2
    return True


@compiled
def pack_letters(data: Array, start: int, stop: int) -> uint64:
    """The bytes of a word of at most eight, as one number."""
    packed = uint64(0)
    for place in range(start, stop):
        packed = packed << uint64(8) | uint64(data[place])
    return packed


@compiled
def are_other_in_case(
    data: Array, start: int, stop: int, other: int, other_stop: int
) -> bool:
    """Whether two short names are one but for a case that turns them: mW and MW."""
    if stop - start != other_stop - other or not is_short_name(data, start, stop):
        return False
    for step in range(stop - start):
        if (data[start + step] ^ data[other + step]) & 0xDF:
            return False
    if data[start] != data[other] and data[start] | 0x20 == METRE:
        return True
    return (stop - start) % 2 == 0 and _is_genotype(data, start, stop)


@compiled
def is_unit(data: Array, begin: int, start: int) -> bool:
    r"""Whether the letter at `start` is metres, grams or litres: 5 L, 5m, \text{ m}.

    5L may be a product.
    """
    if data[start] not in (METRE, GRAM, LITRE, CAPITAL_L):
        return False
    number = start - 1
    if number > begin and data[number - 1] == OPEN_BRACE and data[number] in BLANKS:
        return True
    if number >= begin + len(ROMAN) and starts_with(
        data, start - len(ROMAN), start + 1, ROMAN
    ):
        return True
    if number > begin + 1 and data[number - 1] == BACKSLASH:  # 100\,m
        number -= 2
    elif number > begin and data[number] <= 32:
        number -= 1
    is_glued = number == start - 1
    if number < begin or (is_glued and data[start] == CAPITAL_L):
        return False
    return bool(48 <= data[number] <= 57)


@compiled
def is_variable(data: Array, begin: int, end: int, start: int) -> bool:
    """Whether the letter that stands alone at `start` is no article.

    The text is in `data` from `begin` to `end`.
    """
    if ends_contraction(data, begin, start):
        return False
    behind = start + 1
    while behind < end and data[behind] <= 32:
        behind += 1
    is_article = (
        data[start] in (CAPITAL_A, SMALL_A)
        and start + 1 < behind < end
        and (is_letter(data[behind]) or data[behind] in (QUOTE, APOSTROPHE))
    )
    if not is_article or data[start] == SMALL_A:
        return not is_article
    return not (
        begins_sentence(data, begin, start)
        or stands_in_capitals(data, begin, end, start)
    )


@compiled
def ends_contraction(data: Array, begin: int, start: int) -> bool:
    """Whether the letter at `start` is that of I'd and Tom's; 'A' is in quotes."""
    return bool(
        start - 2 >= begin and data[start - 1] == APOSTROPHE and data[start - 2] > 47
    )


@compiled
def is_in_capitals(data: Array, begin: int, end: int) -> bool:
    """Whether most of the capitals and small letters of a text are capitals."""
    balance = 0
    for position in range(begin, end):
        byte = data[position]
        balance += (65 <= byte <= 90) - (97 <= byte <= 122)
    return balance > 0


@compiled
def is_in_small(data: Array, begin: int, end: int) -> bool:
    """Whether a text has no capitals."""
    while begin < end and not 65 <= data[begin] <= 90:
        begin += 1
    return begin == end


@compiled
def stands_in_capitals(data: Array, begin: int, end: int, start: int) -> bool:
    """Whether a word beside the letter at `start` is in capitals: FIND X IF X IS ODD.

    It is the next word, or the one before where none comes next.
    """
    position = start + 1
    while position < end and not IN_NAMES[data[position]]:
        position += 1
    if position < end and is_letter(data[position]):
        return bool(
            position + 1 < end
            and 65 <= data[position] <= 90
            and 65 <= data[position + 1] <= 90
        )
    position = start - 1
    while position >= begin and not IN_NAMES[data[position]]:
        position -= 1
    return bool(
        position > begin
        and 65 <= data[position] <= 90
        and 65 <= data[position - 1] <= 90
    )
