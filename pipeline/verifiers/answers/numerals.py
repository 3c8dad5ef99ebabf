"""Numbers in words: `twenty-one`, `two hundred and five`, `two thirds`."""

import re
import tomllib
from fractions import Fraction
from pathlib import Path

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SMALL, TENS, ORDINALS = (
    TABLE["numerals"][name].split() for name in ("small", "tens", "ordinals")
)
CARDINALS = {word: value for value, word in enumerate(SMALL)}
CARDINALS |= {word: 10 * value for value, word in enumerate(TENS, 2)}
PLACES = {word: value for value, word in enumerate(ORDINALS, 1)}
SCALES, PARTS = (
    {word: int(size) for size, words in TABLE[name].items() for word in words.split()}
    for name in ("scales", "parts")
)
PARTS |= {f"{word}s": value for word, value in PLACES.items() if value > 2}
MAX_WORDS = 12


def read_numeral(text: str) -> Fraction | None:
    """The number that words name, or None where they name none."""
    words = re.findall(r"[a-z]+", text.lower())
    if not 0 < len(words) <= MAX_WORDS or not re.fullmatch(r"[A-Za-z ,-]+", text):
        return None
    sign = -1 if words[0] in ("negative", "minus") else 1
    if sign < 0:
        words = words[1:]
    if not words:
        return None
    if words in (["half"], ["a", "half"]):
        return sign * Fraction(1, 2)
    if len(words) == 1 and words[0] in PLACES:
        return sign * Fraction(PLACES[words[0]])
    if "and" in words[1:-1]:  # `three and a half`
        index = len(words) - 1 - words[::-1].index("and")
        part = read_numeral(" ".join(words[index + 1 :]))
        whole = _cardinal(words[:index])
        if whole is not None and part is not None and 0 < part < 1:
            return sign * (whole + part)
    below = 1
    if words[0] in ("a", "an") and len(words) > 1 and words[1] in SCALES:
        words = ["one", *words[1:]]
    if words[-1] in PARTS and len(words) > 1:
        below = PARTS[words[-1]]
        words = ["one" if word in ("a", "an") else word for word in words[:-1]]
    top = _cardinal(words)
    return None if top is None else sign * Fraction(top, below)


def _cardinal(words: list[str]) -> int | None:
    total = current = 0
    seen = False
    for word in words:
        if word in CARDINALS:
            current += CARDINALS[word]
            seen = True
        elif word == "hundred" and seen:
            current *= 100
        elif word in SCALES and seen:
            total, current = total + max(current, 1) * SCALES[word], 0
        elif word != "and" or not seen:
            return None
    return None if words[-1] == "and" else total + current
