"""What a sentence says of its value: nothing, something else, or one of several.

"The answer is not 6, it is 7" says 7, "the answer cannot be 6" says nothing, "6 or 7"
says two, and in "36 when x = 6" the last is a condition. The words are in
`clauses.toml`, one list for all languages.
"""

import re
import tomllib
from pathlib import Path

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _any(name: str) -> str:
    return f"(?:{'|'.join(WORDS[name])})"


VALUE = r"(?:[-+−$€£\\(]|\d|\b[A-Z]\b)"
DISOWNED = re.compile(rf"\b{_any('disowned')}", re.I)
DENIED = re.compile(rf"^[^\d$\\]*?\b{_any('not')}", re.I)
CORRECTED = re.compile(
    rf"(?:[,;:—–-]|\b{_any('but')}\b)\s*(?:{_any('but')}\s+)?(?:{_any('it_is')}\s+)?(?={VALUE}|[$\\])(.+)",
    re.I | re.S,
)
BOUND = re.compile(rf"\W{{0,3}}{_any('bounds')}(?!\w)[^\d$\\]{{0,3}}(?={VALUE})", re.I)
RANGE = re.compile(rf"\b{_any('between')}\b.*\d", re.I)
TRAILING = re.compile(
    rf"(?:,|\(|\s)\s*(?:{_any('and')}\s+)?(?:{_any('not')}|{_any('conditions')})(?!\w)[\s\S]*$|\s*(?<!\\)\([^()]*\w{{3}}[^()]*\)\W*$",
    re.I,
)


def is_disowned(sentence: str) -> bool:
    """Whether a sentence speaks of a mistake, so that its value is nobody's answer."""
    return bool(DISOWNED.search(sentence) or RANGE.search(sentence))


def is_bound(sentence: str) -> bool:
    """Whether a sentence begins with what only bounds its value."""
    return bool(BOUND.match(sentence))


def corrected(sentence: str) -> str | None:
    """The sentence, or its second half where the first denies a value.

    None where it denies a value and gives no other.
    """
    if not DENIED.search(sentence):
        return sentence
    match = CORRECTED.search(sentence)
    return match[1] if match else None


def without_conditions(sentence: str) -> str:
    """The sentence up to what follows its value: a condition, a denial, a note.

    As it is where nothing but the condition has a value.
    """
    for match in TRAILING.finditer(sentence):
        head = sentence[: match.start()]
        if re.search(r"\d|\\|\$", head):
            return head
    return sentence
