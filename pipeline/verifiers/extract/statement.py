"""What a sentence gives as its answer: its formula, its number, or its words."""

import re

from pipeline.verifiers.extract.clauses import (
    corrected,
    introduces_list,
    is_bound,
    is_disowned,
    is_hedged,
    is_misled,
    is_other_value,
    join_offered,
    without_conditions,
)

NUMBER = (
    r"(?<![\d.A-Za-z])[-+−]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d(?:[\d,]*\d)?)(?:\.\d+)?"
    r"(?:\s?/\s?\d+(?!\d*[.,]?\d*/))?(?:\s?\\?%)?"
    r"|(?<![\d.])[-+−]?\.\d+%?"
)
BRACED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
BARE = (
    rf"[-+]?[\d.]{{0,40}}\\[dtc]?frac\s?{BRACED}\s?{BRACED}"
    rf"|[-+]?[\d.]{{0,40}}\\sqrt(?:\[\d+\])?{BRACED}"
)
UNIT = r"(?:\s?(?:\\?%|percent\b|pct\b|[€£¥₹]))?"
DATE = (
    r"\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
    r" \d{1,2}(?:st|nd|rd|th)?\b(?:,? \d{4})?"
)
FORMULA = re.compile(
    rf"(?:(?P<g>{DATE})|\$\$(?P<a>[^$]+)\$\$|\$(?P<b>(?:[^$\n\\]|\\.)+)\$|\\\((?P<c>.{{1,4000}}?)\\\)|\\\[(?P<d>.{{1,4000}}?)\\\]"
    rf"|(?P<e>{BARE})|(?P<f>(?:[$€£¥]\s?)?(?:{NUMBER})(?:\s?π)?))(?P<unit>{UNIT})",
    re.S,
)
PROSE = re.compile(
    r"\b(?:an?(?= [a-z]{2})|(?-i:I)(?= )|are|as|be|but|by|cannot|do|for|get|have|hence"
    r"|is|it|not|of|so|that|the|then|there|therefore|this|thus|to|was|we|which|with|you"
    r"|donc|est|pas|ist|nicht)\b",
    re.I,
)
WORD = re.compile(r"[^\W\d_]{2,}")
COMMAND = re.compile(r"\\(?:begin|end)\{[a-z]+\}|\\[A-Za-z]+")
COPULA = re.compile(
    r"(?:\b(?:is|are|equals?|gives|est(?: de)?|ist|es|был[ао]?|равно|to be)\b"
    r"|[=≈:：是为為])"
    r"(?=\s*\**\s*(?:about |approximately |exactly |only )?\**\s*(?:[$\\€£¥(-]|\d))"
)
SENTENCE = re.compile(
    r"\n|[.!?]\**\s+(?=[A-Z<(*\[])|[。！？।]|,?\s+(?:because|since)\b|<\|"
)
LISTED = re.compile(
    r"[\\\"]*(?:\$[^$]+\$|\\\([^$]+?\\\))"
    r"(?:\s{0,3}(?:,(?:\\[,;: ])?|,?\s?and|,?\s?or)\s{0,3}"
    r"(?:\$[^$]+\$|\\\([^$]+?\\\)))+[\\\".]*"
)
# What most answers of most sets are: a third of the time where nothing else is tried.
BARE_NUMBER = re.compile(
    r"([-+]?\d+(?:\.\d+)?)(?:\.?\s*| ?(?:है|हैं|입니다|이다|です|['’]?d[iıuü]r)[.。।]?\s*"
    r"|\.? \((?![^()]*\bor\b)[^()]*\)\.?\s*|:\s(?!.*\n).*)$"
)
LABELLED_VALUE = re.compile(
    r"(?!(?:all|any|every|no)\b)(?:[^\W\d_]{2,}[\s,]+){2,}\$?\d"
    r"|[^\w\\]*[A-Za-z]{4,}[:\s]\s*[^=]*\d|.*(?:。|[^\W\d_]\.\s+\w)",
    re.S,
)


def is_expression(text: str) -> bool:
    """Whether the text is an answer and nothing else: short, one line, no prose."""
    text = text.strip()
    if not text or len(text) > 300 or ("\n" in text and not text.startswith("\\")):
        return False
    has_several = text.count("$") > 1 and "$" in text.strip("$ .")
    if has_several or LABELLED_VALUE.match(text):
        return False
    bare = COMMAND.sub(" ", text)
    words = WORD.findall(bare)
    if any(word.isalpha() and not word.isascii() for word in words) and (
        sum(map(len, words)) > 6 or re.search(r"\d\D+\d", text)
    ):
        return False
    return not PROSE.search(bare)


def read_statement(rest: str) -> str | None:
    """What an answer phrase announces: its formula, its number, or its words."""
    rest = rest[:1_000].lstrip(" \t*:：=\n")
    if number := BARE_NUMBER.match(rest):
        return number[1]
    sentence = _first_sentence(rest)
    settled = corrected(sentence)
    if settled is None or is_disowned(sentence):
        return None
    if settled != sentence:
        rest = sentence = settled.strip()
    leading = FORMULA.match(sentence)
    if leading and is_misled("", sentence[leading.end() :]):
        return None
    sentence = without_conditions(sentence)
    if is_bound(sentence):
        return sentence
    if is_other_value(sentence):
        return None
    if LISTED.fullmatch(sentence):
        return strip_delimiters(sentence)
    if rest.startswith(("$", "\\(", "\\[")) and FORMULA.match(rest):
        return _claimed(rest, list(FORMULA.finditer(rest)), 0)
    spoken = re.sub(r"\b(?:and|or)\b", " ", COMMAND.sub(" ", sentence))
    if is_expression(sentence) and not re.search(r"[^\W\d_]{3,}.*\d", spoken):
        return sentence
    return _value_of(sentence)


def _value_of(sentence: str) -> str | None:
    """The value behind the last copula, or the last one; the sentence without any."""
    copulas = list(COPULA.finditer(sentence))
    start = copulas[-1].end() if copulas else 0
    formulas = [f for f in FORMULA.finditer(sentence, start) if _has_value(f)]
    if not formulas:
        return sentence
    is_first = copulas or re.match(r"\W{0,3}\d", sentence)
    return _claimed(sentence, formulas, 0 if is_first else len(formulas) - 1)


def _first_sentence(rest: str) -> str:
    """The first sentence without its layout and the sign that ends it."""
    end = SENTENCE.search(rest)
    sentence = rest[: end.start()] if end else rest
    return sentence.strip().strip('*`"“” ').rstrip(".。?？ ")


def strip_delimiters(text: str) -> str:
    return re.sub(r"\$|\\[()]|\\*\"", "", text).strip(" .")


def _has_value(formula: re.Match[str]) -> bool:
    return bool(re.search(r"\d|\\(?:frac|sqrt|pi|infty)|^\$\w\$$", formula[0]))


def last_formula(tail: str) -> str | None:
    """The last formula or number: in the last line, unless formulas span lines.

    What stands in a condition behind another value, or is denied, does not count.
    """
    line = tail.rstrip().rpartition("\n")[2]
    if "$$" in tail or "\\[" in tail:
        line = tail
    for text in dict.fromkeys((line, tail)):
        if text is line and len(line) < 400:
            if _values_of(line):
                return _last_claim(line)
        elif formulas := list(FORMULA.finditer(text)):
            return _claimed(text, formulas, len(formulas) - 1)
    return None


def _values_of(text: str) -> bool:
    return bool(re.search(r"\d|\\|\$", text))


def _last_claim(line: str) -> str | None:
    """What the last sentence with a value claims; a question claims nothing."""
    for sentence in reversed(re.split(r"(?<=[.!?。！？])\s+|(?<=[。！？])", line)):
        if sentence.rstrip(" *\"'”").endswith(("?", "？")):
            continue
        if is_disowned(sentence):
            return None
        sentence = without_conditions(sentence)
        if formulas := list(FORMULA.finditer(sentence)):
            return _claimed(sentence, formulas, len(formulas) - 1)
    return None


def _claimed(text: str, formulas: list[re.Match[str]], index: int) -> str | None:
    """The formula at `index` with those that are listed beside it; None if denied."""
    first = last = index
    words: list[str] = []
    while first and (word := _joined(text, formulas, first - 1)):
        first, words = first - 1, [word, *words]
    while last < len(formulas) - 1 and (word := _joined(text, formulas, last)):
        last, words = last + 1, [*words, word]
    if ", " in words and not introduces_list(text[: formulas[first].start()]):
        first = last = index
    behind = text[formulas[last].end() :]
    before = text[: formulas[first].start()]
    if is_misled(before, behind) or (not words and is_hedged(before)):
        return None
    members = map(_formula_text, formulas[first : last + 1])
    return (" or " if " or " in words else ", ").join(members)


def _joined(text: str, formulas: list[re.Match[str]], index: int) -> str:
    return join_offered(text[formulas[index].end() : formulas[index + 1].start()])


def _formula_text(formula: re.Match[str]) -> str:
    """What the delimiters hold, with the unit behind them."""
    inside = next(formula[name] for name in "abcdefg" if formula[name] is not None)
    return f"{inside.strip().rstrip(',.')} {formula['unit'].strip()}".strip()
