r"""An answer as people write it: a formula and the words around it.

`read` parts the text into formulas and words. Words before a value are its label
(`\text{Area: }5`), words behind it a unit, a scale (`3 million`), a bound
(`5 or more`), a note (`(about 18.9)`) or a condition (`for all x`). What denies a value
or names several is not read as one. A text of words alone is words.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.verifiers.answers.cursor import read_number
from pipeline.verifiers.answers.dates import read_date
from pipeline.verifiers.answers.grammar import parse_tokens
from pipeline.verifiers.answers.notes import (
    LAYOUT,
    clean,
    cut_bracket,
    is_note,
    text_of,
)
from pipeline.verifiers.answers.numerals import (
    PARTS,
    SCALES,
    TABLE,
    read_numeral,
)
from pipeline.verifiers.answers.segments import (
    Segment,
    is_operator,
    segment_tokens,
    split_alternatives,
    trim,
)
from pipeline.verifiers.answers.tokens import (
    Token,
    Unreadable,
    spell,
    tokenise,
)
from pipeline.verifiers.answers.tree import Node, number
from pipeline.verifiers.answers.units import (
    NO_UNITS,
    normalise_unit,
    split_coin,
    unit_ratio,
)
from pipeline.verifiers.extract.clauses import is_disowned, is_misled

BOUNDS, JOINS, SAME_WORDS = (
    {
        phrase: name
        for name, phrases in TABLE[table].items()
        for phrase in " ".join(phrases.split()).split(", ")
    }
    for table in ("bounds", "joins", "same")
)
# The operation that a word behind a value is, and its numbers.
MAKES: dict[str, tuple[Any, ...]] = {word: ("mul", n) for word, n in SCALES.items()}
MAKES |= {word: ("div", n) for word, n in PARTS.items()} | TABLE["makes"]
NEGATIONS, NOTES, CONDITIONS = (
    frozenset(TABLE[name].split()) for name in ("negations", "notes", "conditions")
)
EXACT = re.compile(
    r"(-?)(?:(\d{1,30}(?:\.\d{1,30})?)|\\[dtc]?frac\{(\d{1,30})\}\{(0*[1-9]\d{0,30})\})",
    re.A,
)
LABEL = re.compile(r"(?<![\w\\{])[A-Za-z]{2}[A-Za-z ]*:\s*")
LABELLED = re.compile(
    r"(?:[A-Za-z]{2}[A-Za-z ]*:\s*[^,;:]+[,;]\s*)+[A-Za-z]{2}[A-Za-z ]*:\s*[^,;:]+"
)
ALL_BUT = re.compile(r"all real(?:s| numbers) (?:except|other than)")
DOTS = re.compile(r"\\[lc]?dots|\.\.\.|…")
OF_EVENT = re.compile(
    r"(?:\\[a-z]+\{)?P(?:r)?\}?\s*(?:\\left)?\(\\text\s*\{[^{}]*\}(?:\\right)?\)\s*="
)
CONCLUDES = re.compile(r"\b(?:so|thus|hence|therefore|but|gives?|is|are)\b.*\d")
CONCLUDED = re.compile(r"(.*)\\text\s*\{[^{}]*\b(?:is|equals)\s*\}", re.S)
COPULAS = ("is", "are", "equals", "equal", "be", "becomes")
HYPHENED = re.compile(
    r"[A-Za-z]+(?:-[A-Za-z]+)*-[A-Za-z]{4,}|[A-Za-z]{4,}(?:-[A-Za-z]+)+"
)
MAX_LENGTH = 2_000


class Answer(NamedTuple):
    """What an answer is: its tree, its unit ("" for none), and the text it came from.

    `words` where it is words alone, in one spelling. `condition` is the text of what
    stands behind it, `for all real x`.
    """

    tree: Node
    unit: str = ""
    condition: str = ""
    text: str = ""


@lru_cache(20_000)
def read(text: str, *, grouping: bool = True) -> Answer:
    """The answer that a text is; raises Unreadable with the place that is not.

    `grouping`: `1,234` is one number.
    """
    if exact := EXACT.fullmatch(text):
        return _read_exact(exact)
    return read_in_full(text, grouping=grouping)


def _read_exact(match: re.Match[str]) -> Answer:
    r"""`-12`, `3.50` and `\frac{3}{4}`, which most answers are, without any token."""
    sign, digits, top, bottom = match.groups()
    if digits:
        tree = read_number(Token("number", digits, 0))
    else:
        tree = number(Fraction(int(top), int(bottom)))
    return Answer(Node("neg", (tree,)) if sign else tree, text=match[0])


def read_in_full(text: str, *, grouping: bool = True) -> Answer:
    """The same by the grammar alone, whatever the text."""
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"{len(text):,} characters")
    text = text.strip()
    if date := read_date(clean(spell(text))):
        return Answer(date, text=text)
    if "-" in text and HYPHENED.fullmatch(clean(text)):
        return _read_words(text)._replace(text=text)
    text, coin = split_coin(text)
    if ":" in text and LABELLED.fullmatch(text):
        text = LABEL.sub("", text)
    if "=" in text and (match := OF_EVENT.match(text)):
        text = text[match.end() :]
    spelled = spell(text)
    try:
        scanned = tokenise(spelled, grouping=grouping)
    except Unreadable:
        # What `…, and the sum is }505` concludes, whatever stands before.
        if match := CONCLUDED.match(text):
            return read(text[match.end() :])._replace(text=text)
        raise
    if len(scanned) == 1 and is_operator(scanned[0]):
        return Answer(Node("words", (), scanned[0].text), text=text)
    if not (tokens := trim(scanned)):
        raise Unreadable("empty")
    segments = segment_tokens(tokens)
    if all(kind == "words" for kind, _ in segments):
        return _read_words(text)._replace(text=text)
    if parts := split_alternatives(segments):
        word, sides = parts
        trees = [read(text_of(side, spelled)).tree for side in sides]
        return Answer(Node("list", tuple(trees), word), text=text)
    answer = _read_segments(segments, spelled)
    if answer.tree.op == "temperature":
        unit = f"°{answer.tree.value}"
        answer = answer._replace(tree=answer.tree.args[0], unit=unit)
    return answer._replace(unit=answer.unit or coin, text=text)


def _read_words(text: str) -> Answer:
    """Words in one spelling, the number that they name, or one with its unit."""
    plain = re.sub(r" ?, ?", ", ", " ".join(LAYOUT.sub(" ", text).split())).strip(
        " .!*:,()\"'`"
    )
    value = read_numeral(plain)
    if value is not None:
        return Answer(number(value))
    counted, _, noun = plain.rpartition(" ")
    value = read_numeral(counted)
    if value is not None:
        return Answer(number(value), unit=normalise_unit(noun))
    folded = re.sub(r"^(?:the|an?) ", "", plain.casefold())
    return Answer(Node("words", (), SAME_WORDS.get(folded, folded)))


def _read_segments(segments: list[Segment], text: str) -> Answer:
    before, after = "", ""
    for index in range(len(segments) - 2, 0, -1):
        kind, tokens = segments[index]
        if kind == "words" and tokens[-1].text.lower() in COPULAS:
            segments = segments[index:]
            break
    if segments[0][0] == "words":
        words = segments.pop(0)[1]
        before = clean(text_of(words, text))
        end = words[-1].start + len(words[-1].text)
        if text[end : end + 1] == "{" and words[-1].kind == "letters":
            raise Unreadable(f"{before!r} without its backslash", end)
    first = segments.pop(0)[1]
    if segments:
        start = segments[0][1][0].start
        after = text[start:]
        first, note = cut_bracket(first)
        after = f"{note}{after}"
    if is_note(after):
        after = ""
    tree = parse_tokens(tuple(trim(first)))
    return _qualify(tree, before, after)


def _qualify(tree: Node, before: str, after: str) -> Answer:
    """The value that a formula and the words around it make."""
    if not before and not after:
        return Answer(tree)
    after = clean(after).strip(" .,;:*")
    label = before.lower().strip(" :.,*")
    if ALL_BUT.fullmatch(label):
        return Answer(Node("minus", (Node("constant", (), "R"), Node("set", (tree,)))))
    if SAME_WORDS.get(label) in ("R", "Z") and tree.op == "name":
        return Answer(Node("constant", (), SAME_WORDS[label]))
    words = f"{label} {after.lower()}".split()
    if NEGATIONS & set(words):
        raise Unreadable("a value that is denied or one of several")
    for phrase, sign in BOUNDS.items():
        if label.endswith(phrase) or after.lower().startswith(phrase):
            return Answer(
                Node("relation", (Node("name", (), "x"), tree), (sign,)),
                condition="bound",
            )
    if "?" in after or DOTS.search(after):
        raise Unreadable("doubted or not ended")
    if is_disowned(label) or is_misled(f"{label} ", ""):
        raise Unreadable("words make another value of it")
    if label.split(" ")[-1] in ("negative", "minus"):
        tree = Node("neg", (tree,))
    return _qualify_behind(tree, after)


def _qualify_behind(tree: Node, after: str) -> Answer:
    if not after:
        return Answer(tree)
    word, _, rest = after.partition(" ")
    word = word.lower().strip("(),.")
    if word != "or" and re.search(r"\bor\b.*\d", after):
        raise Unreadable("one of several")
    if after.lower().startswith("per cent"):
        return Answer(Node("percent", (tree,)))
    is_temperature = word.startswith("deg") and rest[:1] in ("C", "F", "K")
    if word in MAKES and not is_temperature:
        op, *values = MAKES[word]
        return _qualify_behind(Node(op, (tree, *map(number, values))), rest)
    if word in JOINS:
        other = read(rest).tree
        other = Node("neg", (other,)) if word == "minus" else other
        is_list = JOINS[word] == "list"
        return Answer(Node(JOINS[word], (tree, other), word if is_list else None))
    if word == "where":
        return Answer(tree, condition=after)
    if CONCLUDES.search(after) or (word == "of" and re.search(r"\d", rest)):
        raise Unreadable("another value behind it")
    if word in CONDITIONS or after.startswith("\\forall") or after.startswith("∀"):
        return Answer(tree, condition=after)
    if word in NOTES:
        return _qualify_behind(tree, rest)
    if (match := re.match(r"(\D+?)\s*(?:and |, )?(\d.*)", after)) and "^" not in match[
        1
    ]:
        return _add_quantity(
            Answer(tree, unit=normalise_unit(match[1].strip())), match[2]
        )
    unit = re.split(
        r"[(,;]| (?:for|when|if|where|in total|each|left|because) ?", after
    )[0].strip()
    if "\\frac" in unit or any(w in NO_UNITS for w in unit.lower().split()):
        raise Unreadable(f"{unit!r} is no unit")
    unit = normalise_unit(unit)
    if unit == "rad":
        return Answer(Node("radians", (tree,)))
    return Answer(tree, unit=unit)


def _add_quantity(first: Answer, rest: str) -> Answer:
    """`2 hours 30 minutes` as hours."""
    second = read(rest)
    ratio = unit_ratio(second.unit, first.unit) if second.unit else None
    if ratio is None:
        raise Unreadable(f"{rest!r} behind a quantity")
    part = Node("mul", (second.tree, number(ratio)))
    return first._replace(tree=Node("add", (first.tree, part)))
