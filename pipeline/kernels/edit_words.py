"""The words of a text, and what each is to a text that hardly differs from it."""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hash_table import find, find_slot, may_hold
from pipeline.kernels.hashing import fmix64
from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_vocabulary import (
    BRACKET,
    NAME,
    NUMBER,
    SIGN,
    split,
    token_code,
)
from pipeline.kernels.names import Names, is_named
from pipeline.kernels.sentences import begins_sentence
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.variables import (
    ends_contraction,
    is_short_name,
    is_unit,
    is_variable,
    pack_letters,
    stands_in_capitals,
)
from pipeline.kernels.wording import (
    CONTENT,
    FILLER,
    KIND_BITS,
    TURN,
    Wording,
    role_of_stem,
)

# What a word has in place of a partner: none, and none that is needed.
NONE, GONE = -1, -2
# Roles beside those of `wording`: no word, and names.
QUANTITY, VARIABLE, PERSON, ENTITY = 5, 6, 7, 8
NOT, OR, MAX = (uint64(token_code(word)) for word in ("not", "or", "max"))
METRE, GRAM, LITRE = (uint64(token_code(unit)) for unit in "mgl")
DEGREE = uint64(token_code("degree"))
# な before one of these denies: 泳げない, 泳げなかった; in 求めなさい it asks.
A, FEW, A_FEW = uint64(token_code("a")), uint64(token_code("few")), 30001
NA, NAI = uint64(token_code("な")), 30000
# Who used to have 9 has them no more; what is used to cut cuts.
USED, TO, USED_TO = uint64(token_code("used")), uint64(token_code("to")), 30002
BEING = np.array(
    [token_code(word) for word in split("is are was were be been being get gets got")],
    uint64,
)
DENYING = np.array([token_code(character) for character in "いかくけ"], uint64)
SCALES = np.array([token_code(x) for x in ("celsius", "fahrenheit", "kelvin")], uint64)
APOSTROPHE, BACKSLASH, OPEN, SPACE, CLOSE_BRACE = b"'\\( }"
# Letters that are no number and seldom a function: \alpha, \theta.
GREEK = np.array(
    [
        token_code(letter)
        for letter in split(
            "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho tau "
            "phi psi omega"
        )
    ],
    uint64,
)


@compiled
def read_words(
    data: Array, begin: int, finish: int, codes: Array, kinds: Array, token: int,
    end: int, starts: Array, stops: Array, place: Array, identity: Array,
    first: Array, last: Array, in_capitals: bool, in_small: bool,
) -> int:  # fmt: skip
    """Fill four arrays with words and quantities of one text; how many there are.

    Each with its token, what it is compared by, and where it stands in `data`. The
    case of a letter says nothing if the text, or the one beside it, is `in_capitals`,
    and that of two letters neither if one has none (`in_small`).
    """
    count = 0
    for number in range(token, end):
        if kinds[number] == BRACKET:
            continue
        start, stop = begin + starts[number], begin + stops[number]
        place[count], first[count], last[count] = number, start, stop
        identity[count] = codes[number]
        if is_short_name(data, start, stop):
            is_folded = in_capitals or in_small
            if not (is_folded or stands_in_capitals(data, begin, finish, start)):
                letters = pack_letters(data, start, stop)
                identity[count] = fmix64(codes[number] ^ letters)
        elif stop - start == 1 and 65 <= data[start] <= 90:
            is_folded = in_capitals or stands_in_capitals(data, begin, finish, start)
            is_folded = is_folded or is_unit(data, begin, start)
            if not is_folded and is_variable(data, begin, finish, start):
                identity[count] = fmix64(codes[number])  # A is not a
        count += 1
    return count


@compiled
def fill_roles(
    data: Array, begins: Array, finishes: Array, codes: Array, kinds: Array,
    ends: Array, starts: Array, stops: Array, pairs: Array, words: Array, place: Array,
    first: Array, last: Array, partner: Array, wording: Wording, names: Names,
    role: Array, meaning: Array,
) -> None:  # fmt: skip
    """Fill the last two for the words of `pairs` of texts that have no `partner`.

    Those of text i of the pairs are from `words[i]` to `words[i + 1]`; all others have
    the role of a quantity, and a meaning where a word of a kind moved.
    """
    # Arrays are handed over one by one, and for all texts at once: to count references
    # to the tables of a tuple at every word costs more than to look it up.
    (bloom, keys, places), roles, meanings, stems, stem_roles, stem_meanings = wording
    has_kind = np.zeros(len(words), np.bool_)  # and no partner
    for number in range(len(words) - 1):
        text = 2 * pairs[number >> 1] + (number & 1)
        begin, finish, token = begins[text], finishes[text], ends[text]
        for word in range(words[number], words[number + 1]):
            here, start = place[word], first[word]
            role[word], meaning[word] = QUANTITY, 0
            if partner[word] != NONE or kinds[here] in (NUMBER, SIGN):
                continue
            if last[word] - start == 1:
                role[word], meaning[word] = _role_of_letter(
                    data, begin, finish, start, codes, kinds, here, token
                )
                has_kind[number] |= meaning[word] < 0
                continue
            if codes[here] in SCALES:  # degrees Celsius are °C
                role[word], meaning[word] = TURN, -int(data[start] & 0xDF)
                has_kind[number] = True
                continue
            listed = -1
            if may_hold(bloom, codes[here]):
                listed = places[find_slot(keys, places, codes[here], 0)]
            named = (kinds[here] == NAME or data[start] > 127) and is_named(
                codes, kinds, starts, stops, here, token, ends[text + 1], names
            )
            if named and listed >= 0:  # Peter Green is no colour, Max no maximum
                is_given = find(names[0], codes[here]) >= 0
                named = is_given if roles[listed] == FILLER else codes[here] != MAX
            if named:
                role[word] = PERSON
            elif listed >= 0:
                role[word], meaning[word] = roles[listed], meanings[listed]
                if role[word] == FILLER and data[start] == BACKSLASH:
                    role[word] = CONTENT  # \hat is a mark, "hat" a verb of German
                elif codes[here] == NA and _denies(codes, here, ends[text + 1]):
                    role[word], meaning[word] = TURN, NAI
                elif codes[here] == USED and _is_past(
                    codes, here, token, ends[text + 1]
                ):
                    role[word], meaning[word] = TURN, USED_TO
            elif data[start] == BACKSLASH and is_in(codes[here], GREEK):
                takes = _takes_argument(data, last[word], finish)
                role[word] = CONTENT if takes else VARIABLE
            else:
                role[word], meaning[word] = role_of_stem(
                    data, start, last[word], stems, stem_roles, stem_meanings
                )
                if role[word] == CONTENT and _is_entity(data, begin, start):
                    role[word] = ENTITY
            has_kind[number] |= meaning[word] >> KIND_BITS != 0
    for number in range(0, len(words) - 1, 2):
        if not (has_kind[number] and has_kind[number + 1]):
            continue
        for word in range(words[number], words[number + 2]):
            here = place[word]
            if partner[word] == NONE or not may_hold(bloom, codes[here]):
                continue
            listed = places[find_slot(keys, places, codes[here], 0)]
            if codes[here] in SCALES:
                meaning[word] = -int(data[first[word]] & 0xDF)
            elif listed >= 0 and roles[listed] == TURN:
                meaning[word] = meanings[listed]


@compiled
def _denies(codes: Array, token: int, end: int) -> bool:
    return token + 1 < end and is_in(codes[token + 1], DENYING)


@compiled
def _is_past(codes: Array, token: int, first: int, end: int) -> bool:
    """Whether "used" at `token` says that something is no more."""
    is_passive = token > first and is_in(codes[token - 1], BEING)
    return token + 1 < end and codes[token + 1] == TO and not is_passive


@compiled
def _takes_argument(data: Array, position: int, finish: int) -> bool:
    r"""Whether a bracket comes next, as in \phi(12)."""
    while position < finish and data[position] in (SPACE, CLOSE_BRACE):
        position += 1
    return bool(position < finish and data[position] == OPEN)


@compiled
def _role_of_letter(
    data: Array, begin: int, finish: int, start: int, codes: Array, kinds: Array,
    token: int, text: int,
) -> tuple[int, int]:  # fmt: skip
    """(role, meaning) of a word of one letter."""
    code = codes[token]
    before = data[start - 1] if start > begin else uint8(32)
    if before == APOSTROPHE and ends_contraction(data, begin, start):  # Tom's, I'd
        return FILLER, 0
    if code in (METRE, GRAM, LITRE):  # 5 m, and not 5m
        if token > text and kinds[token - 1] == NUMBER and before <= 32:
            return TURN, -int(data[start] | 0x20)
    elif token > text and codes[token - 1] == DEGREE:  # °C
        return TURN, -int(data[start] & 0xDF)
    elif not is_variable(data, begin, finish, start):
        if code == A and token + 1 < len(codes) and codes[token + 1] == FEW:
            return TURN, A_FEW  # who has few has hardly any
        return FILLER, 0
    return VARIABLE, 0


@compiled
def _is_entity(data: Array, begin: int, start: int) -> bool:
    """Whether a word is capitalised where others would not be."""
    return bool(65 <= data[start] <= 90 and not begins_sentence(data, begin, start))
