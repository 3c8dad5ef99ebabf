"""What a sentence gives as its answer: its formula, its number, or its words."""

import re

from pipeline.verifiers.extract.clauses import (
    corrected,
    is_bound,
    is_disowned,
    without_conditions,
)

NUMBER = (
    r"(?<![\d.A-Za-z])[-+−]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d[\d,]*)(?:\.\d+)?"
    r"(?:\s?/\s?\d+(?!\d*[.,]?\d*/))?(?:\s?\\?%)?"
    r"|(?<![\d.])[-+−]?\.\d+%?"
)
BRACED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
BARE = (
    rf"[-+]?[\d.]*\\[dtc]?frac\s?{BRACED}\s?{BRACED}"
    rf"|[-+]?[\d.]*\\sqrt(?:\[\d+\])?{BRACED}"
)
UNIT = r"(?:\s?(?:\\?%|percent\b|pct\b|[€£¥₹]|\\?\$(?!\S*\$)))?"
FORMULA = re.compile(
    rf"(?:\$\$(?P<a>[^$]+)\$\$|\$(?P<b>(?:[^$\n\\]|\\.)+)\$|\\\((?P<c>.+?)\\\)|\\\[(?P<d>.+?)\\\]"
    rf"|(?P<e>{BARE})|(?P<f>(?:[$€£¥]\s?)?(?:{NUMBER})))(?P<unit>{UNIT})",
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
    r"(?:\s?(?:,(?:\\[,;: ])?|,?\s?and|,?\s?or)\s?"
    r"(?:\$[^$]+\$|\\\([^$]+?\\\)))+[\\\".]*"
)
# What most answers of most sets are: a third of the time where nothing else is tried.
BARE_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)\.?\s*$")
SEVERAL = re.compile(
    r"(?:either )?[-+$\\\\(]*\d[^\s,;]*(?:,? or [-+$\\\\(]*\d[^\s,;.]*)+", re.I
)
EITHER = re.compile(r"[\s,*]*(?:or|oder|ou|o|или|或)[\s*]*", re.I)


def is_expression(text: str) -> bool:
    """Whether the text is an answer and nothing else: short, one line, no prose."""
    text = text.strip()
    if not text or len(text) > 300 or ("\n" in text and not text.startswith("\\")):
        return False
    if text.count("$") > 1 or re.search(r"[^\W\d_]{2}[^$]*\$[^$]+\$[^$]*$", text):
        return _is_wrapped(text)
    if re.match(r"[^\w\\]*[A-Za-z]{4,}[:\s]\s*[^=]*\d", text):
        return False
    if (len(text) > 1 and "。" in text) or re.search(r"[^\W\d_]\.\s+\w", text):
        return False
    bare = COMMAND.sub(" ", text)
    words = WORD.findall(bare)
    if any(word.isalpha() and not word.isascii() for word in words) and (
        sum(map(len, words)) > 6 or re.search(r"\d\D+\d", text)
    ):
        return False
    return not PROSE.search(bare) or len(text) == 1


def _is_wrapped(text: str) -> bool:
    """Whether one pair of dollar signs holds everything."""
    inside = text.strip("$ .")
    return (
        text.startswith("$") and text.rstrip(". ").endswith("$") and "$" not in inside
    )


def read_statement(rest: str, *, digits: bool = False) -> str | None:
    """What an answer phrase announces: its formula, its number, or its words.

    With `digits`, words alone are no answer.
    """
    rest = rest[:1_000].lstrip(" \t*:：=\n")
    if number := BARE_NUMBER.match(rest):
        return number[1]
    sentence = (
        SENTENCE.split(rest, maxsplit=1)[0].strip().strip('*`"“” ').rstrip(".。 ")
    )
    if is_disowned(sentence):
        return None
    settled = corrected(sentence)
    if settled is None:
        return None
    if settled != sentence:
        rest = sentence = settled.strip()
    if several := SEVERAL.match(sentence):
        return several[0]
    sentence = without_conditions(sentence)
    if is_bound(sentence):
        return sentence
    if digits:
        sentence = re.sub(r"(?<!\\)\([^()]*\)\W*$", "", sentence)
    if LISTED.fullmatch(sentence):
        return strip_delimiters(sentence)
    if rest.startswith(("$", "\\(", "\\[")) and (leading := FORMULA.match(rest)):
        return _formula_text(leading)
    if not sentence:
        return None
    spoken = re.sub(r"\b(?:and|or)\b", " ", COMMAND.sub(" ", sentence))
    if is_expression(sentence) and not re.search(r"[^\W\d_]{3,}.*\d", spoken):
        is_short = re.search(r"\d|\\|^\W?\w\W?$", sentence)
        return sentence if is_short or not digits else None
    copulas = list(COPULA.finditer(sentence))
    after = sentence[copulas[-1].end() :] if copulas else sentence
    after = re.sub(r"^\s*\**\s*(?:about|approximately|exactly|only) ", "", after)
    formulas = [formula for formula in FORMULA.finditer(after) if _has_value(formula)]
    if not formulas:
        return None if digits else sentence
    if copulas or re.match(r"\W{0,3}\d", sentence):
        return _formula_text(formulas[0])
    amounts = [formula for formula in formulas if re.search(r"[$€£¥₹%]", formula[0])]
    return _formula_text(amounts[0] if len(amounts) == 1 else formulas[-1])


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
        part: str | None = text
        if text is line and len(line) < 400:
            part = _last_sentence(text)
        if part is None:
            return None
        if formulas := list(FORMULA.finditer(part)):
            return " or ".join(map(_formula_text, _offered(part, formulas)))
    return None


def _offered(part: str, formulas: list[re.Match[str]]) -> list[re.Match[str]]:
    """The last formula, and those before it that are offered beside it."""
    first = len(formulas) - 1
    while first and EITHER.fullmatch(
        part[formulas[first - 1].end() : formulas[first].start()]
    ):
        first -= 1
    return formulas[first:]


def _last_sentence(line: str) -> str | None:
    """The last sentence with a value in it, without its conditions; None if denied."""
    sentences = [
        s for s in re.split(r"(?<=[.!?。])\s+", line) if re.search(r"\d|\\|\$", s)
    ]
    if not sentences:
        return line
    last = sentences[-1]
    if is_disowned(last) or corrected(last) is None:
        return None
    return without_conditions(corrected(last) or last)


def _formula_text(formula: re.Match[str]) -> str:
    """What the delimiters hold, with the unit behind them."""
    inside = next(formula[name] for name in "abcdef" if formula[name] is not None)
    unit = formula["unit"].strip()
    if unit.endswith("$"):
        unit = ""
    return (inside.strip().rstrip(",.") + (" " + unit if unit else "")).strip()
