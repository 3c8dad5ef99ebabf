r"""What begins at a byte of LaTeX: a table of byte classes says who reads it."""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.characters import (
    BLANK,
    CLOSING,
    IDEOGRAPH,
    LETTER,
    OPENING,
)
from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.latex_brackets import APART, CLOSE, GLUED, OPEN
from pipeline.kernels.latex_lexemes import (
    character_class,
    read_command,
    read_number,
    read_word,
)
from pipeline.kernels.latex_signs import SIGNS, Lexeme, read_sign
from pipeline.kernels.latex_vocabulary import (
    BRACKET,
    NAME,
    NUMBER,
    ROW,
    SIGN,
    SKIP,
    TOKEN,
    WORD,
    token_code,
)
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import (
    byte_at,
    follows_sentence,
    is_digit,
    is_letter,
    starts_with,
    width,
)

PER_CENT, NORM, NEXT_ROW = (uint64(token_code(sign)) for sign in "%‖;")
BEGIN, END, ARRAY, TABULAR, OPERATOR_NAME = (
    uint64(token_code(name))
    for name in ("\\begin", "\\end", "{array", "{tabular", "\\operatorname")
)
NO_CODE = uint64(0)
LOOK_UP = 255  # the action of what may be in the vocabulary
DRAWING = np.frombuffer(b"[asy]", np.uint8).copy()
END_DRAWING = np.frombuffer(b"[/asy]", np.uint8).copy()

# What a byte may begin.
(QUIET, SPACE, DIGITS, DECIMAL, LETTERS, MACRO, OPERATOR, OPENS, CLOSES, OPENS_GROUP,
 CLOSES_GROUP) = range(11)  # fmt: skip
CLASSES = np.full(256, QUIET, np.uint8)
CLASSES[:33] = CLASSES[127] = SPACE
CLASSES[np.flatnonzero(SIGNS)] = OPERATOR
CLASSES[[byte for byte in range(256) if byte > 127 or chr(byte).isalpha()]] = LETTERS
CLASSES[list(b"0123456789")] = DIGITS
CLASSES[list(b"([")] = OPENS
CLASSES[list(b")]")] = CLOSES
CLASSES[list(b".\\{}")] = DECIMAL, MACRO, OPENS_GROUP, CLOSES_GROUP
BRACKETS = np.zeros(128, np.uint64)  # the code of each, by its shape
for _bracket in "()[]{}":
    BRACKETS[ord(_bracket)] = token_code(_bracket)
# Signs that a backslash makes plain: \# is #. Behind others it is space or an accent.
ESCAPED = np.zeros(128, np.uint64)
for _sign in "#&_*+@<":
    ESCAPED[ord(_sign)] = token_code(_sign)

BAR, PERCENT, OPEN_BRACE, CLOSE_BRACE, UNDERSCORE, BACKSLASH, STAR = b"|%{}_\\*"


@inlined
def read_token(
    data: Array,
    first: int,
    position: int,
    end: int,
    single: bool,
    glued: bool,
    drawings: bool,
    classes: Array,
) -> Lexeme:
    r"""What begins at `position`; if `single`, a digit or letter, as after `\frac`.

    `glued` says that a token ends there.
    """
    byte = data[position]
    byte_class = CLASSES[byte]
    if byte_class == LETTERS:
        return _read_letters(data, position, end, single, classes)
    if byte_class == DIGITS or (
        byte_class == DECIMAL
        and is_digit(data, position + 1, end)
        and not (position > first and is_digit(data, position - 1, end))
    ):
        below = position > first and data[position - 1] == UNDERSCORE  # \log_264
        code, position = read_number(data, first, position, end, single or below)
        return code, NUMBER, TOKEN, position
    if byte_class == MACRO:
        return _read_macro(data, position, end)
    if byte_class in (OPERATOR, DECIMAL):
        return read_sign(data, first, position, end)
    if byte_class == OPENS:
        if not drawings and starts_with(data, position, end, DRAWING):
            while position < end and not starts_with(data, position, end, END_DRAWING):
                position += 1
            return NO_CODE, WORD, SKIP, position
        code = BRACKETS[byte] ^ GLUED if glued else BRACKETS[byte]
        if not glued and follows_sentence(data, first, position):
            code = BRACKETS[byte] ^ APART
        return code, BRACKET, TOKEN, position + 1
    return BRACKETS[byte], BRACKET, TOKEN, position + 1


@inlined
def _read_letters(
    data: Array, start: int, end: int, single: bool, classes: Array
) -> Lexeme:
    if data[start] > 127:
        class_ = character_class(data, start, end, classes)
        if class_ != LETTER and class_ != IDEOGRAPH:
            return _read_symbol(data, start, end, class_)
    code, position = read_word(data, start, end, classes)
    capital = 65 <= data[start] <= 90 and position > start + 1 and data[start + 1] >= 97
    if single:  # \frac ab
        code, position = read_word(
            data, start, start + width(data, start, end), classes
        )
    return code, NAME if capital else WORD, LOOK_UP, position


@compiled
def _read_symbol(data: Array, start: int, end: int, class_: int) -> Lexeme:
    """A character beyond ASCII that is no letter: a symbol, a bracket, punctuation."""
    position, code = start + width(data, start, end), BASIS
    if class_ == BLANK:
        return NO_CODE, WORD, SKIP, position
    if class_ == OPENING:
        return OPEN, BRACKET, LOOK_UP, position
    if class_ == CLOSING:
        return CLOSE, BRACKET, LOOK_UP, position
    for place in range(start, position):
        code = fnv1a(code, data[place])
    return code, SIGN, LOOK_UP, position


@inlined
def _read_macro(data: Array, start: int, end: int) -> Lexeme:
    r"""A command, an environment, or a sign such as `\{`, `\%`, `\|`, `\#`."""
    after = byte_at(data, start + 1, end)
    if is_letter(after):
        code, position = read_command(data, start, end)
        if code in (BEGIN, END):
            return _read_environment(data, code, position, end)
        position += code == OPERATOR_NAME and byte_at(data, position, end) == STAR
        return code, WORD, LOOK_UP, position
    if after in (OPEN_BRACE, CLOSE_BRACE):
        return BRACKETS[after], BRACKET, TOKEN, start + 2
    if after == PERCENT:
        return PER_CENT, SIGN, TOKEN, start + 2
    if after == BAR:
        return NORM, SIGN, TOKEN, start + 2
    if after == BACKSLASH:
        return NEXT_ROW, SIGN, ROW, start + 2
    if after < 128 and ESCAPED[after] != NO_CODE:
        return ESCAPED[after], SIGN, TOKEN, start + 2
    return NO_CODE, WORD, SKIP, start + 2


@compiled
def _read_environment(data: Array, command: uint64, position: int, end: int) -> Lexeme:
    r"""The name behind `\begin` or `\end`, and the columns of an array."""
    begin = position
    if byte_at(data, position, end) != OPEN_BRACE:
        return command, WORD, LOOK_UP, begin
    code = fnv1a(BASIS, uint8(OPEN_BRACE if command == BEGIN else CLOSE_BRACE))
    position += 1
    while position < end and is_letter(data[position]):
        code = fnv1a(code, data[position])
        position += 1
    position += byte_at(data, position, end) == 42  # align*
    if byte_at(data, position, end) != CLOSE_BRACE:
        return command, WORD, LOOK_UP, begin
    position += 1
    if code in (ARRAY, TABULAR) and byte_at(data, position, end) == OPEN_BRACE:
        place = position
        while place < end and place - position < 48 and data[place] != CLOSE_BRACE:
            place += 1
        position = min(place + 1, end)
    return code, WORD, LOOK_UP, position
