r"""In which scripts a text is written: letters in words, script by script.

What is no language does not count: commands of LaTeX (`\frac`), and a letter that
stands alone, which is a variable. A Chinese or Japanese character is a word.
"""

import numpy as np

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import width

SCRIPTS = (
    "latin", "greek", "cyrillic", "hebrew", "arabic", "indic", "thai", "hangul",
    "han_kana",
)  # fmt: skip
# The first character of each range, the one behind it, and its script.
RANGES = np.array(
    [
        (0xC0, 0x250, 0), (0x370, 0x400, 1), (0x400, 0x530, 2), (0x591, 0x5F5, 3),
        (0x600, 0x780, 4), (0x900, 0xE00, 5), (0xE00, 0xE80, 6), (0x1100, 0x1200, 7),
        (0x1E00, 0x1F00, 0), (0x1F00, 0x2000, 1), (0x3040, 0x3100, 8),
        (0x3400, 0x4DC0, 8), (0x4E00, 0xA000, 8), (0xAC00, 0xD7B0, 7),
        (0xF900, 0xFB00, 8), (0x20000, 0x32000, 8),
    ],
    np.int64,
)  # fmt: skip
NONE, HAN_KANA = -1, 8
BACKSLASH = ord("\\")


@compiled
def count_letters(data: Array, offsets: Array) -> Array:
    """Letters in words of each script (int64 (rows, scripts)), for each text."""
    counts = np.zeros((len(offsets) - 1, 9), np.int64)
    for row in range(len(offsets) - 1):
        position, end = offsets[row], offsets[row + 1]
        script, length = NONE, 0  # of the word that is being read
        is_command = False
        while position < end:
            byte = data[position]
            wide = 1
            if byte < 0x80:
                letter = 0 if 97 <= (byte | 0x20) <= 122 else NONE
            else:
                wide = width(data, position, end)
                letter = _script_of(data, position, wide)
            if letter != script:
                _end_word(counts[row], script, length, is_command)
                is_command = position > offsets[row] and data[position - 1] == BACKSLASH
                script, length = letter, 0
            length += 1
            position += wide
        _end_word(counts[row], script, length, is_command)
    return counts


@compiled
def _end_word(counts: Array, script: int, length: int, is_command: bool) -> None:
    if script != NONE and not is_command and (length > 1 or script == HAN_KANA):
        counts[script] += length


@compiled
def _script_of(data: Array, position: int, wide: int) -> int:
    """The script of a character beyond ASCII; NONE where it is no letter."""
    if wide == 1:
        return NONE
    code = np.int64(data[position]) & (0xFF >> (wide + 1))
    for step in range(1, wide):
        code = code << 6 | np.int64(data[position + step]) & 0x3F
    if code == 0xD7 or code == 0xF7:  # × and ÷
        return NONE
    for number in range(len(RANGES)):
        if code < RANGES[number, 1]:
            return int(RANGES[number, 2]) if code >= RANGES[number, 0] else NONE
    return NONE
