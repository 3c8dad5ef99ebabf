"""The tokens of an answer as runs of words and runs of formulas."""

import re
from collections.abc import Sequence

from pipeline.verifiers.answers.numerals import CARDINALS, PARTS, PLACES, SCALES, TABLE
from pipeline.verifiers.answers.tokens import FUNCTIONS, PLAIN, Token
from pipeline.verifiers.answers.units import SYMBOLS, UNITS

SHORT_WORDS = frozenset(TABLE["short"].split())
VOWEL = re.compile("[eiouyäöüéèáíóúEIOUY]|[^\x00-\x7f]")
VALUES = ("infty", "emptyset", "pi")
ENDS = (".", ",", ";", ":", "\\\\")
STARTS = ("=", ":", ",", "\\\\", "=>", "->")
OPERATORS = ("+", "-", "*", "/", "^")
Segment = tuple[str, list[Token]]


def is_operator(token: Token) -> bool:
    """Whether a token alone asks for values, as in "which sign belongs between"."""
    is_sign = token.kind == "sign" and token.text not in (*VALUES, "...")
    return is_sign or token.text in FUNCTIONS


def trim(tokens: Sequence[Token]) -> list[Token]:
    """Without the signs that end a sentence, and the braces of a box."""
    tokens = list(tokens)
    while tokens and tokens[-1].kind == "sign" and tokens[-1].text in ENDS:
        tokens.pop()
    while tokens and tokens[0].kind == "sign" and tokens[0].text in STARTS:
        tokens.pop(0)
    while len(tokens) > 2 and tokens[0].text == "{" and _closes(tokens):
        has_members = any(t.text in (",", ";") for t in _top_level(tokens[1:-1]))
        if has_members and tokens[0].start == 0:
            break
        tokens = tokens[1:-1]
    return tokens


def _closes(tokens: Sequence[Token]) -> bool:
    """Whether the last token closes the first."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return index == len(tokens) - 1
    return False


def _top_level(tokens: Sequence[Token]) -> list[Token]:
    depth, level = 0, []
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0:
            level.append(token)
    return level


def segment_tokens(tokens: Sequence[Token]) -> list[Segment]:
    """Runs of words and runs of formulas, in their order.

    `and` and `or` belong to the formulas that they join.
    """
    if not any(map(_may_be_words, tokens)):
        return [("math", list(tokens))]
    kinds: list[str] = []
    depth = 0  # in a table words belong to the grammar
    for token in tokens:
        depth += token.text.startswith("begin ") - token.text.startswith("end ")
        before = tokens[len(kinds) - 1] if kinds else None
        is_word = not depth and _is_word(token, before)
        kinds.append("words" if is_word else "math")
    for index, token in enumerate(tokens):
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        is_note = token.text == "(" and following == "approx" and token.kind == "sign"
        if index and (is_note or token.text == "forall"):
            kinds[index:] = ["words"] * (len(tokens) - index)
            break
        if token.text in ("a", "A", "an", "I") and kinds[index + 1 : index + 2] == [
            "words"
        ]:
            if tokens[index + 1].text in ("and", "or"):
                continue
            kinds[index] = "words"
    for index, token in enumerate(tokens):
        joins = token.text.lower() in ("and", "or") and token.kind != "sign"
        if joins:
            beside = [kinds[p] for p in (index - 1, index + 1) if 0 <= p < len(tokens)]
            kinds[index] = "math" if beside == ["math", "math"] else "words"
        elif (
            token.kind == "sign"
            and token.text in (".", ":", "?", "!", "'", "-")
            and index
            and kinds[index - 1] == "words"
        ):
            following = kinds[index + 1] if index + 1 < len(tokens) else "words"
            if following == "words" or token.text in (".", ":", "?"):
                kinds[index] = "words"
    if "words" in kinds:  # signs between words belong to them
        is_value = [t.kind != "sign" or t.text in VALUES for t in tokens]
        if not any(
            v and kind == "math" for v, kind in zip(is_value, kinds, strict=True)
        ):
            kinds = ["words"] * len(kinds)
    segments: list[Segment] = []
    for kind, token in zip(kinds, tokens, strict=True):
        if segments and segments[-1][0] == kind:
            segments[-1][1].append(token)
        else:
            segments.append((kind, [token]))
    return segments


def _may_be_words(token: Token) -> bool:
    """Whether a token is a run of letters or a word, or begins a note in signs."""
    kind, text = token.kind, token.text
    if kind == "letters":
        return len(text) > 1 or not text.isascii()
    return kind == "word" or text in ("forall", "approx")


def _is_word(token: Token, before: Token | None) -> bool:
    """Whether a token is a word of a language, and no product of symbols."""
    text = token.text
    if token.kind == "word":
        return True
    if text == "min" and before is not None and before.kind == "number":
        return True  # minutes
    if token.kind != "letters" or len(text) < 2 or text in FUNCTIONS:
        return not text.isascii() and text.isalpha() and token.kind == "letters"
    if not text.isascii():
        return True
    if text in PLAIN or text.lower() in ("and", "or"):
        return text.lower() in ("and", "or")
    if text.lower() in CARDINALS or text.lower() in PLACES:
        return True
    is_apart = before is None or token.spaced or before.kind == "word"
    if text.lower() in SHORT_WORDS or text in SCALES or text.lower() in PARTS:
        is_product = text.swapcase() == text.title()  # bY
        is_factor = before is not None and before.text in OPERATORS
        return is_apart and not (is_product or is_factor)
    if len(text) <= 3:
        return _is_unit(text) and before is not None and before.kind != "letters"
    return bool(VOWEL.search(text)) and not text.isupper()


def _is_unit(text: str) -> bool:
    return text in UNITS or text in SYMBOLS or text.lower().rstrip("s") in SYMBOLS


def split_alternatives(segments: list[Segment]) -> tuple[str, list[list[Token]]] | None:
    """The parts of `5 degrees or 7 degrees` and the word between; None for one answer.

    Only where a word stands beside `or`: formulas are parted by the grammar.
    """
    if len(segments) == 1:
        return None
    tokens = [token for _, part in segments for token in part]
    places = [
        index
        for index, token in enumerate(tokens)
        if token.text.lower() == "or" and token.kind in ("word", "letters")
    ]
    has_words = any(kind == "words" and len(part) > 1 for kind, part in segments)
    is_between = places and places[0] > 0 and places[-1] < len(tokens) - 1
    if not (has_words and is_between):
        return None
    if not any(token.kind == "number" for token in tokens[places[-1] :]):
        return None  # `5 or more` is a bound
    starts = [0, *(index + 1 for index in places)]
    return "or", [
        tokens[a:b] for a, b in zip(starts, [*places, len(tokens)], strict=True)
    ]
