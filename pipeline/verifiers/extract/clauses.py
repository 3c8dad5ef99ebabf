"""What a sentence says of its value: nothing, something else, or one of several.

"The answer is not 6, it is 7" says 7, "the answer cannot be 6" says nothing, "6 or 7"
says two, in "36 when x = 6" the last is a condition, and "twice 6" is no 6. The words
are in `clauses.toml`, one list for all languages. What denies, bounds or alters a value
stands right beside it: "the number not divisible by 3 is 42" says 42.
"""

import re
import tomllib
from pathlib import Path

WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
END = r"(?!\w)"
FIRST_UNSPACED = "\u0e00"  # from Thai on, scripts have no spaces between words


def _any(*names: str, start: str = r"(?<!\w)") -> str:
    """One of the words of these lists, as whole words where words are parted.

    `start` is "" for a pattern that is tried at the start of a word alone.
    """
    words = (word for name in names for word in WORDS[name])
    return f"(?:{'|'.join(_bounded(word, start) for word in words)})"


def _bounded(word: str, start: str) -> str:
    is_parted = [s.isalpha() and s < FIRST_UNSPACED for s in (word[0], word[-1])]
    return f"{start if is_parted[0] else ''}(?:{word}){END if is_parted[1] else ''}"


VALUE = r"(?:[-+−$€£\\(]|\d|(?-i:\b[A-Z]\b))"
FILLERS = rf"(?:\W+{_any('fillers')}){{0,4}}"
DISOWNED = re.compile(_any("disowned"), re.I)
DENIED = re.compile(rf"^[^\d$\\]*?{_any('not')}", re.I)
CORRECTED = re.compile(
    rf"(?:[,;:，；—–-]|{_any('but')})\s*(?:{_any('but')}\s*)?(?:{_any('it_is')}\s*)?"
    rf"(?={VALUE}|[$\\])(.+)",
    re.I | re.S,
)
BOUND = re.compile(rf"\W{{0,3}}{_any('bounds')}[^\d$\\]{{0,3}}(?={VALUE})", re.I)
LIMIT = re.compile(
    rf"\W{{0,3}}{_any('limits', 'altered')}[^\d$\\]{{0,8}}(?={VALUE})", re.I
)
RANGE = re.compile(rf"{_any('between')}.*\d", re.I)
TRAILING = re.compile(
    rf"(?:,|\(|\s)\s*(?:{_any('and')}\s+)?{_any('not', 'conditions')}[\s\S]*$"
    r"|\s*(?<![\\A-Za-z])\([^()]*\w{3}[^()]*\)\W*$",
    re.I,
)
NOTE = re.compile(r"(?<=\w)\s+\((?=[^()]*\w{3})[^()]*\)\W*$")
BESIDE = "bounds", "limits", "altered"
MISLEADING = re.compile(
    rf"(?:{_any('not', start='')}{FILLERS}|{_any(*BESIDE, start='')}(?:\W+the)?)\W*$"
)
TAKEN_BACK = re.compile(
    rf"\W{{0,6}}(?:{_any('not_so', 'powers')}|{_any('altering')}\s*[\d$\\])", re.I
)
HEDGED = re.compile(rf"{_any('hedged')}\W*$", re.I)
RULED_OUT = re.compile(rf"{_any('not', 'ruled_out')}[\w\s,，、()'’/]{{0,24}}$", re.I)
CLAUSE = re.compile(r"[.;。！？!?\n，,]")
SUPPOSED = re.compile(
    rf"{_any('supposed', start='')}(?:\W+(?:that|if))?(?:\W+(?:the|our|my|an?))?\W*$"
)
QUESTION = re.compile(r"\W*(?:is|could|can|may|might)(?:\W+the)?\W*", re.I)
WORD_START = re.compile(rf"(?<!\w)\w|[{FIRST_UNSPACED}-\uffff]")
LAST_WORDS = 8
WORD = re.compile(r"\w+")
HINT = 4  # letters
HINTS = frozenset(
    word[:HINT]
    for name in ("not", *BESIDE, "supposed")
    for entry in WORDS[name]
    for word in re.findall(r"[^\W\d_]{2,}", entry.lower())
) - {word[:HINT] for word in WORDS["common"]}
RETRACTED = re.compile(rf"(?:[.!?。！？]|\n)[\s*]*{_any('retracted')}", re.I)
OR = re.compile(rf"[\s,，、*$]*(?:{_any('or')}[\s,，*$(]*)+(?:[A-Za-z] ?= ?)?", re.I)
AND = re.compile(
    r"[\s$]*(?:[,，、;；/][\s$]*(?:\\[ ,;:])*)?"
    rf"(?:{_any('and')}\s*)?(?:[A-Za-z](?:_?\d)? ?= ?)?[\s$]*",
    re.I,
)
LISTING = re.compile(rf"(?:{_any('listing')}|[:：是])\W*(?:[A-Za-z] ?= ?)?$", re.I)


def is_disowned(sentence: str) -> bool:
    """Whether a sentence speaks of a mistake, so that its value is nobody's answer."""
    return bool(DISOWNED.search(sentence) or RANGE.search(sentence))


def is_bound(sentence: str) -> bool:
    """Whether a sentence begins with what only bounds its value."""
    return bool(BOUND.match(sentence))


def is_other_value(sentence: str) -> bool:
    """Whether a sentence begins with what makes another value, or none, of its own."""
    return bool(LIMIT.match(sentence))


def is_supposed(before: str) -> bool:
    """Whether what stands before an announcement denies, doubts or supposes it."""
    return _ends_with(SUPPOSED, before) or bool(QUESTION.fullmatch(before))


def is_misled(before: str, behind: str) -> bool:
    """Whether the words beside a value say that it is not the answer."""
    is_taken_back = behind[:8].strip(" .,$)\n") and TAKEN_BACK.match(behind[:80])
    return bool(is_taken_back) or _ends_with(MISLEADING, before)


def _ends_with(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a pattern for the end of a text matches from one of its last words.

    In small letters, where a pattern of many words is ten times as fast; and only
    where a word stands there that some of the patterns have.
    """
    text = text[-80:].lower()
    words = WORD.findall(text)[-LAST_WORDS:]
    is_plain = text.isascii() and "n't" not in text and "er than" not in text
    if is_plain and HINTS.isdisjoint(word[:HINT] for word in words):
        return False
    starts = [word.start() for word in WORD_START.finditer(text)][-LAST_WORDS:]
    return any(pattern.match(text, start) for start in starts)


def is_hedged(before: str) -> bool:
    """Whether the words before a value only say that it may be the answer."""
    return bool(HEDGED.search(before[-40:]))


def is_ruled_out(before: str) -> bool:
    """Whether a clause excludes what stands behind it, or all of a list there."""
    return bool(RULED_OUT.search(CLAUSE.split(before[-60:])[-1]))


def find_retraction(text: str) -> str | None:
    """What stands behind the words that take back what was said before, or None."""
    match = RETRACTED.search(text[:1_000])
    return text[match.end() :] if match else None


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
    sentence = NOTE.sub("", sentence)
    for match in TRAILING.finditer(sentence):
        head = sentence[: match.start()]
        if re.search(r"\d|\\|\$", head):
            return head
    return sentence


def join_offered(between: str) -> str:
    """The word that joins the values on both sides: or, a comma, or "" for none."""
    if OR.fullmatch(between):
        return " or "
    return ", " if between.strip() and AND.fullmatch(between) else ""


def introduces_list(before: str) -> bool:
    """Whether words before values make every one of them part of the answer."""
    return bool(LISTING.search(before[-40:]))
