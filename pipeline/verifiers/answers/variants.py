"""Other readings of a number: digits grouped and decimals marked as elsewhere.

`4 820 000`, `4.820.000` and `4'820'000` have their digits grouped, `9.305,75` and
`3,14` have a decimal comma, `1,00,000` is grouped as in India. They are tried where the
plain reading is not the gold answer, and only on a text that is a number and nothing
else.
"""

import re
from collections.abc import Iterator

SPACED = re.compile(
    r"([-+]?)(\d{1,3}(?:[\s'\u2019\u202f\u2009\u00a0]\d{3})+)((?:[.,]\d+)?)"
)
DOTTED = re.compile(
    r"([-+]?)(\d{1,3}(?:\.\d{3}){2,}|\d{1,3}(?:\.\d{3})+(?=,))((?:,\d+)?)"
)
COMMA = re.compile(r"([-+]?\d+),(?!0$)(\d{1,2}|\d{4,}|0\d*)")
INDIAN = re.compile(r"([-+]?)(\d{1,2}(?:,\d{2})*,\d{3})((?:\.\d+)?)")


def number_variants(text: str, *, is_gold: bool = False) -> Iterator[str]:
    """The other spellings of a text that is one number.

    A gold answer `2,5` has two members: sets of problems write decimals with a point.
    """
    text = text.strip().rstrip(".")
    for pattern in (SPACED, DOTTED, INDIAN):
        if match := pattern.fullmatch(text):
            digits = re.sub(r"\D", "", match[2])
            yield match[1] + digits + match[3].replace(",", ".")
    if not is_gold and (match := COMMA.fullmatch(text)):
        yield f"{match[1]}.{match[2]}"
