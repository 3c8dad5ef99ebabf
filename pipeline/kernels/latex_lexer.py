r"""The lexer of LaTeX: bytes to the codes and kinds of tokens.

A table of byte classes says who reads a token: that of its first byte (`_read_token`).
What depends on the tokens before it is the work of `fill_latex_tokens`: fractions,
whose numerator and denominator may stand in braces, "twenty five" and 90^\circ.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hash_table import find
from pipeline.kernels.latex_lexemes import (
    byte_at,
    ends_sentence,
    is_digit,
    is_hyphen,
    join_tens,
    read_command,
    read_number,
    read_word,
    starts_with,
)
from pipeline.kernels.latex_vocabulary import (
    BRACKET,
    DEGREE,
    FRACTION,
    NAME,
    NUMBER,
    ONES,
    SIGN,
    SKIP,
    TENS,
    TOKEN,
    WORD,
    Vocabulary,
    token_code,
)
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import SEPARATOR, is_letter, kind, width

SIGNS = np.zeros(128, np.uint64)  # the code of each ASCII sign
for _sign in "+-*/=<>^%|!'":
    SIGNS[ord(_sign)] = token_code(_sign)
SIGNS[ord(":")] = token_code("/")  # a ratio
LE, GE, NE, POWER = (uint64(token_code(sign)) for sign in "≤≥≠^")
SLASH, PER_CENT = uint64(token_code("/")), uint64(token_code("%"))
OPEN, CLOSE = uint64(token_code("(")), uint64(token_code(")"))
NO_CODE = uint64(0)
LOOK_UP = 255  # the action of what may be in the vocabulary
DRAWING = np.frombuffer(b"[asy]", np.uint8).copy()
END_DRAWING = np.frombuffer(b"[/asy]", np.uint8).copy()

# What a byte may begin.
(OTHER, SPACE, DIGITS, DECIMAL, LETTERS, MACRO, OPERATOR, OPENS, CLOSES, OPENS_GROUP,
 CLOSES_GROUP) = range(11)  # fmt: skip
CLASSES = np.full(256, OTHER, np.uint8)
CLASSES[:33] = SPACE
CLASSES[np.flatnonzero(SIGNS)] = OPERATOR
CLASSES[[byte for byte in range(256) if byte > 127 or chr(byte).isalpha()]] = LETTERS
CLASSES[list(b"0123456789")] = DIGITS
CLASSES[list(b"([")] = OPENS
CLASSES[list(b")]")] = CLOSES
CLASSES[list(b".\\{}")] = DECIMAL, MACRO, OPENS_GROUP, CLOSES_GROUP

(EXCLAMATION, PERCENT, APOSTROPHE, OPEN_PAREN, CLOSE_PAREN, STAR, MINUS, COLON, LESS,
 EQUALS, GREATER, UNDERSCORE, OPEN_BRACE, CLOSE_BRACE) = b"!%'()*-:<=>_{}"  # fmt: skip

# What a fraction waits for.
NOTHING, NUMERATOR, DENOMINATOR = 0, 1, 2

Lexeme = tuple[uint64, int, int, int]  # code, kind, action, where it ends

# Steps are inlined and arrays are handed over one by one: to count references to a
# tuple of arrays at every token costs more than to read the token.


@compiled
def fill_latex_tokens(
    data: Array,
    begins: Array,
    ends: Array,
    vocabulary: Vocabulary,
    drawings: bool,
    codes: Array,
    kinds: Array,
    starts: Array,
    stops: Array,
) -> Array:
    """Fill the last four (two may be empty); the ends of each text's; see Tokens."""
    token_ends, used = np.zeros(len(begins) + 1, np.int64), 0
    for row in range(len(begins)):
        first, position, end, begin = begins[row], begins[row], ends[row], used
        # `groups` has a bit for each open brace: whether it holds a numerator.
        awaits, groups, after_tens = NOTHING, uint64(0), False
        while position < end:
            start, byte_class = position, CLASSES[data[position]]
            position += 1
            if byte_class == SPACE:
                continue
            if byte_class == OPENS_GROUP:
                groups = groups << uint64(1) | uint64(awaits == NUMERATOR)
                awaits = NOTHING
                continue
            if byte_class == CLOSES_GROUP:
                code, kind_, action = SLASH, SIGN, TOKEN if groups & uint64(1) else SKIP
                awaits = DENOMINATOR if groups & uint64(1) else awaits
                groups >>= uint64(1)
            else:
                code, kind_, action, position = _read_token(
                    data, first, start, end, awaits != NOTHING, drawings
                )
                if action == LOOK_UP:
                    index = find(vocabulary[0], code)
                    if index >= 0:
                        code, kind_ = vocabulary[1][index], vocabulary[2][index]
                        action = vocabulary[3][index]
                    elif byte_class == MACRO:
                        code, _ = read_word(data, start + 1, position)
            if action in (SKIP, FRACTION):
                awaits = NUMERATOR if action == FRACTION else awaits
                continue
            if action == DEGREE and used > begin and codes[used - 1] == POWER:
                used -= 1  # 90^\circ
            elif action == ONES and after_tens and used > begin:
                used -= 1  # twenty-five
                code = join_tens(codes[used], code)
                start = starts[used] + first if len(starts) else start
            after_tens = action == TENS
            here = start - first, position - first
            used = _put(codes, kinds, starts, stops, used, code, kind_, here)
            if awaits != NOTHING and kind_ != SIGN:
                if awaits == NUMERATOR:
                    used = _put(codes, kinds, starts, stops, used, SLASH, SIGN, here)
                awaits = DENOMINATOR if awaits == NUMERATOR else NOTHING
        token_ends[row + 1] = used
    return token_ends


@inlined
def _put(
    codes: Array,
    kinds: Array,
    starts: Array,
    stops: Array,
    used: int,
    code: uint64,
    kind: int,
    span: tuple[int, int],
) -> int:
    """Write one token; how many there are then."""
    codes[used], kinds[used] = code, kind
    if len(starts):
        starts[used], stops[used] = span
    return used + 1


@inlined
def _read_token(
    data: Array, first: int, position: int, end: int, single: bool, drawings: bool
) -> Lexeme:
    r"""What begins at `position`; if `single`, a digit or letter, as after `\frac`."""
    byte = data[position]
    byte_class = CLASSES[byte]
    if byte_class == LETTERS:
        return _read_letters(data, position, end, single)
    if byte_class == DIGITS or (
        byte_class == DECIMAL
        and is_digit(data, position + 1, end)
        and not (position > first and is_digit(data, position - 1, end))
    ):
        below = position > first and data[position - 1] == UNDERSCORE  # \log_264
        code, position = read_number(data, position, end, single or below)
        return code, NUMBER, TOKEN, position
    if byte_class == MACRO:
        return _read_macro(data, position, end)
    if byte_class == OPERATOR:
        return _read_sign(data, first, position, end)
    if byte_class == OPENS:
        if not drawings and starts_with(data, position, end, DRAWING):
            while position < end and not starts_with(data, position, end, END_DRAWING):
                position += 1
            return NO_CODE, WORD, SKIP, position
        return OPEN, BRACKET, TOKEN, position + 1
    if byte_class == CLOSES:
        return CLOSE, BRACKET, TOKEN, position + 1
    return NO_CODE, WORD, SKIP, position + 1


@inlined
def _read_letters(data: Array, start: int, end: int, single: bool) -> Lexeme:
    if kind(data, start, end) == SEPARATOR:
        return NO_CODE, WORD, SKIP, start + width(data, start, end)
    code, position = read_word(data, start, end)
    capital = 65 <= data[start] <= 90 and position > start + 1 and data[start + 1] >= 97
    if single:  # \frac ab
        code, position = read_word(data, start, start + width(data, start, end))
    return code, NAME if capital else WORD, LOOK_UP, position


@inlined
def _read_macro(data: Array, start: int, end: int) -> Lexeme:
    r"""A command, or one of `\{`, `\}` and `\%`."""
    after = byte_at(data, start + 1, end)
    if is_letter(after):
        code, position = read_command(data, start, end)
        return code, WORD, LOOK_UP, position
    if after == OPEN_BRACE:
        return OPEN, BRACKET, TOKEN, start + 2
    if after == CLOSE_BRACE:
        return CLOSE, BRACKET, TOKEN, start + 2
    if after == PERCENT:
        return PER_CENT, SIGN, TOKEN, start + 2
    return NO_CODE, WORD, SKIP, start + 2


@inlined
def _read_sign(data: Array, first: int, start: int, end: int) -> Lexeme:
    byte, position = data[start], start + 1
    before = data[start - 1] if start > first else uint8(0)
    after = byte_at(data, position, end)
    code, stays = SIGNS[byte], True
    if byte == MINUS:
        stays = not is_hyphen(data, first, start, end)
        while byte_at(data, position, end) == MINUS:
            position += 1
    elif byte == STAR and after == STAR:
        code = POWER
        position += 1
    elif after == EQUALS and byte in (LESS, GREATER, EXCLAMATION):
        code = LE if byte == LESS else (GE if byte == GREATER else NE)
        position += 1
    elif byte == EXCLAMATION:  # "5! =" is a factorial, "Take 5! How" is not
        operand = 48 <= before <= 57 or before == CLOSE_PAREN
        stays = bool(operand and position < end) and not ends_sentence(
            data, position, end
        )
    elif byte == COLON:
        stays = bool(48 <= before <= 57) and is_digit(data, position, end)
    elif byte == APOSTROPHE:  # f'(x)
        stays = bool(after == OPEN_PAREN)
    return code, SIGN, TOKEN if stays else SKIP, position
