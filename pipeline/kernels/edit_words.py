"""The words of a text, and what each is to a text that hardly differs from it."""

from numpy import uint8, uint64

from pipeline.kernels.hash_table import find
from pipeline.kernels.hashing import fmix64
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN, token_code
from pipeline.kernels.names import Names, is_person
from pipeline.kernels.sentences import begins_sentence, is_variable
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.wording import CONTENT, FILLER, TURN, Wording, role_of

# Roles beside those of `wording`: no word, and names.
QUANTITY, VARIABLE, PERSON, ENTITY = 5, 6, 7, 8
NOT = uint64(token_code("not"))
METRE, GRAM, LITRE = (uint64(token_code(unit)) for unit in "mgl")
LETTER_T, APOSTROPHE = b"t'"


@compiled
def read_words(
    data: Array, begin: int, finish: int, codes: Array, kinds: Array, token: int,
    end: int, starts: Array, stops: Array, wording: Wording, names: Names,
    identity: Array, role: Array, meaning: Array, first: Array, last: Array,
) -> int:  # fmt: skip
    """Fill the last five with the words and quantities of one text; how many."""
    count, text = 0, token
    while token < end:
        kind, code = kinds[token], codes[token]
        start, stop = begin + starts[token], begin + stops[token]
        if kind == BRACKET:
            token += 1
            continue
        first[count], last[count], identity[count] = start, stop, code
        meaning[count] = 0
        if kind in (NUMBER, SIGN):
            role[count] = QUANTITY
        elif stop - start == 1:
            role[count], meaning[count] = _role_of_letter(
                data, begin, finish, start, code, kinds, token, text, wording
            )
            if role[count] == VARIABLE and data[start] < 97:
                identity[count] = fmix64(code)  # A is not a
        else:
            role[count], meaning[count] = role_of(data, start, stop, code, wording)
            if find(wording[0], code) < 0 and is_person(
                codes, kinds, token, text, names
            ):
                role[count], meaning[count] = PERSON, 0
            elif role[count] == CONTENT and _is_entity(data, begin, start):
                role[count] = ENTITY
        count += 1
        token += 1
    return count


@compiled
def _role_of_letter(
    data: Array, begin: int, finish: int, start: int, code: uint64, kinds: Array,
    token: int, text: int, wording: Wording,
) -> tuple[int, int]:  # fmt: skip
    """(role, meaning) of a word of one letter."""
    before = data[start - 1] if start > begin else uint8(32)
    if before == APOSTROPHE:  # don't, Tom's
        if data[start] == LETTER_T:
            return TURN, int(wording[2][find(wording[0], NOT)])
        return FILLER, 0
    if code in (METRE, GRAM, LITRE):  # 5 m, and not 5m
        if token > text and kinds[token - 1] == NUMBER and before <= 32:
            return TURN, -int(data[start])
    elif not is_variable(data, begin, finish, start):
        return FILLER, 0
    return VARIABLE, 0


@compiled
def _is_entity(data: Array, begin: int, start: int) -> bool:
    """Whether a word is capitalised where others would not be."""
    return bool(65 <= data[start] <= 90 and not begins_sentence(data, begin, start))
