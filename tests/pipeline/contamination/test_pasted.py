import json

import polars as pl
import pytest

from pipeline.contamination.pasted import read_contents


def read(text: str) -> str:
    return read_contents(pl.Series([text]))[0]


LINES = "Find all $x$ with\n$x^2 = 49$ and say\nhow many there are."


@pytest.mark.parametrize(
    "written",
    [
        "@@ -0,0 +1,3 @@\n+" + LINES.replace("\n", "\n+"),
        "1  Find all $x$ with\n2  $x^2 = 49$ and say\n3  how many there are.",
        " 1: Find all $x$ with\n 2: $x^2 = 49$ and say\n 3: how many there are.",
        json.dumps({"name": "solve", "arguments": json.dumps({"query": LINES})}),
    ],
)
def test_what_was_put_around_lines_goes(written: str):
    assert read(written).removeprefix("solve\n") == LINES


def test_a_section_of_xml_is_a_text_of_its_own():
    assert read("<q><![CDATA[Is 7 odd?]]></q>") == "<q>\nIs 7 odd?\n</q>"


@pytest.mark.parametrize("text", ["1 2\n2 4\n3 8", "1 a\n3 b", "@@ is no hunk"])
def test_columns_of_numbers_stay(text: str):
    assert read(text) == text


def test_sections_that_never_end_are_read_once():
    opened = "<![CDATA[" * 200_000  # a pattern would look for the end of each

    assert read(opened) == opened
    assert read(f"<![CDATA[a]]>{opened}") == f"\na\n{opened}"
