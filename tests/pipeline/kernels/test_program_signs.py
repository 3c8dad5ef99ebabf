"""Signs of programs are seen 64 bytes at a time as they are one by one."""

import re

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.program_signs import BLOCK, CALL, CASED, CODE, STRING, find_signs
from pipeline.kernels.shards import text_bytes

PATTERNS = {
    BLOCK: r":[ \r]?\n[ \t]",
    STRING: "\"|(?:[(\\[=]|= )'| '(?![A-Za-z])",
    CODE: "(?<!`)(?:`|```+)(?!`)",
    CALL: "(?:[(\\[=]|= )[\"']",
    CASED: "(?s). [YNTFPI][A-Z]|[tnf] [YNTFPI][a-z]",
}
PARTS = st.sampled_from(
    [*":\n\r\t \"'`([=x", "``", "```", "word " * 12, "of No", " NO"]
)


@given(st.lists(st.lists(PARTS, max_size=90).map("".join), min_size=1, max_size=3))
def test_signs_are_those_that_patterns_find(texts: list[str]) -> None:
    expected = [
        sum(bit for bit, pattern in PATTERNS.items() if re.search(pattern, text))
        for text in texts
    ]

    assert find_signs(*text_bytes(pl.Series(texts))).tolist() == expected


def test_a_drawing_is_no_program():
    drawing = '[ASY]\nlabel("$A$", (0, 0));\nfor (x):\n  dot("B");\n[/asy]'
    texts = [f"Find x.\n{drawing}", f'{drawing} f("a") {drawing}', f"{drawing} `a`"]

    assert find_signs(*text_bytes(pl.Series(texts))).tolist() == [
        0,
        STRING | CALL,
        CODE,
    ]
