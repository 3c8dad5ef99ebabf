r"""What one text of a problem says beside another: options, notes, how to answer.

None of it is part of the problem, and all of it may hold numbers. It is looked for in
texts that differ, and left out of the one that has it.
"""

import re
import unicodedata

from pipeline.dedup.respelling_rules import cut_off, leave_out, spell
from pipeline.kernels.spelled_words import split

FONT = r"(?:\$?[ \t]*\\(?:textbf|textrm|mathrm|text|mathbf|bf|rm)[ \t]*\{?[ \t]*)"


def _label(letter: str) -> str:
    r"""`(A)`, `A)`, `A.` and `\textbf{(A)}`, but no `A` of a sentence."""
    open_ = rf"(?:{FONT}[\[(]?|[\[(]|(?<=\s)|(?<=\$))"
    one = rf"[ \t]*[{letter}{letter.lower()}][ \t]*"
    return rf"(?:{open_}{one}[)\]:}}][)\].:}}]*|(?<=\n){one}\.)"


LABELS = [_label(letter) for letter in "ABC"]
VALUE = r"[ \t]+[-\d$\\(]"
# Behind the last question or instruction: from (A) on to the end.
_OPTIONS = (
    rf"(?:{LABELS[0]}.{{1,120}}?{LABELS[1]}.{{1,120}}?{LABELS[2]}.{{1,400}}\Z"
    rf"|(?<=\s)A{VALUE}[^\n]{{0,40}}?[ \t]B{VALUE}[^\n]{{0,40}}?[ \t]C{VALUE}"
    r"[^\n]{0,160}\Z)"
)
OPTIONS = rf"(?s)\s*{_OPTIONS}"
# The same to a text that has them; what may stand in front takes most of the time.
HAS_OPTIONS = rf"(?s)\A(?=.*?(?:[Cc][ \t]*[)\]:}}.]|[ \t]C[ \t])).*?{_OPTIONS}"
HAS_HINT, HAS_NOTE = (
    rf"(?i)\b{name}s?[ \t]*:[^\n]{{0,400}}\s*\Z"
    for name in ("(?:hint|follow[- ]?up)", "note")
)
HINT, NOTE = (
    rf"(?i)\s*[\[(]?\b{name}s?[ \t]*:[^\n]{{0,400}}\s*\Z"
    for name in ("(?:hint|follow[- ]?up)", "note")
)
# (The notation ⌊x⌋ stands for …)
ASIDE = r"\s*[(\[](?=[A-Z])[^()]{15,300}(?:\([^()]{0,60}\)[^()]{0,200}){0,4}[)\]]\s*\Z"
ASKED = "answers?|result|form|fraction|decimal|integer|number|terms of|notation"
ASKED += "|solution|commas|exact value"
_FORM = (
    r"(?:express|give|write|enter|provide|round|state|report|answer|submit|simplify)\b"
    rf"[^.!?\n]{{0,160}}\b(?:{ASKED})\b[^.!?\n]{{0,120}}[.!]?[ \t]*[)\]]?[ \t]*\s*\Z"
)
FORM = rf"(?i)[(\[]?\s*\b(?:please |you (?:can|may|should) )?{_FORM}"
HAS_FORM = rf"(?i)\b{_FORM}"
POINTS_GIVEN = (
    r"(?i)[\[(]\s*(?:possible )?(?:points?|marks?)\s*[:=]?\s*\d{1,3}\s*[\])]"
    r"|[\[(]\s*\d{1,3}\s*(?:points?|pts?|marks?)\s*[\])]"
)
CREDIT = (
    r"(?im)(?:\[i\]|[*_(\[])*[ \t]*\b(?:proposed|submitted|suggested) by\b[^\n]{0,80}$"
    r"|\*[^*\n]{0,30}\bproposal\*"
)
ROMAN = "[Ⅰ-ⅿ]+"
NUMERALS = ("i", "ii", "iii", "iv", "v", "vi")
PART = r"(?i)(?<!\w)\(\s*([ivⅠ-Ⅵⅰ-ⅵ]{1,3}|[1-6])\s*\)"


AT_MOST = r"(?i)\b(?:no|not) (?:more|greater|larger|higher|bigger) than\b"
AT_LEAST = r"(?i)\b(?:no|not) (?:less|fewer|smaller|lower) than\b"
BOUND = f"{AT_MOST}|{AT_LEAST.removeprefix('(?i)')}"


def spell_bounds(text: str) -> str:
    """At most for "no more than", at least for "not fewer than"."""
    return re.sub(AT_LEAST, "at least", re.sub(AT_MOST, "at most", text))


def spell_roman(text: str) -> str:
    """Ⅱ as II."""
    return re.sub(ROMAN, lambda found: unicodedata.normalize("NFKC", found[0]), text)


def number_parts(text: str) -> str:
    """(ii) and (Ⅱ) as (2)."""

    def number(found: re.Match[str]) -> str:
        name = unicodedata.normalize("NFKC", found[1]).lower()
        return f"({NUMERALS.index(name) + 1})" if name in NUMERALS else found[0]

    return re.sub(PART, number, text)


BOUNDS = split("more less fewer greater larger smaller higher lower bigger")
TRAILERS = (
    cut_off(
        ("B)", "b)", "{B}", "\nB.", "\nb.", " B "), OPTIONS, marker=HAS_OPTIONS,
        agreed="", has_digits=True,
    ),
    cut_off("int: INT: ints: up:", HINT, marker=HAS_HINT, has_digits=True),
    cut_off("ote: OTE: otes:", NOTE, marker=HAS_NOTE, agreed="", has_digits=True),
    cut_off(
        "nswer xpress ntation commas raction esult form. xact", FORM, marker=HAS_FORM,
        agreed="",
    ),
    leave_out("oints) oint) oints: arks) pts) ints]", POINTS_GIVEN, has_digits=True),
    leave_out("roposed ubmitted uggested roposal*", CREDIT, beside=None),
    spell("Ⅰ Ⅱ Ⅲ Ⅳ Ⅴ ⅰ ⅱ ⅲ", ROMAN, spell_roman, has_digits=True),
    spell("I) i) II) V) v) (Ⅰ (ⅰ", PART, number_parts),
    cut_off((".)", ". )", "$)", ".]"), ASIDE, agreed=""),
    spell(
        tuple(f"{no} {word}" for no in ("no", "not") for word in BOUNDS), BOUND,
        spell_bounds,
    ),
)  # fmt: skip
