import json

import polars as pl
import pytest

from pipeline.kernels.escaped import read_escaped
from pipeline.kernels.published_ngrams import lowercase_bytes

TEXT = 'Find $\\frac{1}{2} \\neq x$.\nIt is "easy", said Mia: \\[y < 3\\]'


def read(text: str) -> str:
    return read_escaped(pl.Series([text]))[0]


@pytest.mark.parametrize(
    "written",
    [
        json.dumps(TEXT),
        json.dumps(TEXT)[1:-1],
        json.dumps({"question": TEXT}),
        json.dumps([{"problem": TEXT, "answer": 7}], indent=2),
    ],
)
def test_a_value_of_json_is_read_as_what_it_says(written: str):
    assert read(written) == TEXT


def test_a_line_of_a_record_may_begin_with_a_small_letter():
    assert read('{"question": "Find it\\nfor 3 and 4."}') == "Find it\nfor 3 and 4."


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        '"Find $\\frac12 + \\theta$ for $x \\neq 3$."',
        "A matrix: $1 & 2 \\\\ 3 & 4$.",
        "[asy] draw((0,0)--(1,1)); [/asy] Find it.",
        "{1, 2, 3} is a set of three numbers.",
        '"Who is there?" asked Tom.',
    ],
)
def test_what_is_no_json_stays_as_it_is(text: str):
    assert read(text) == text


def test_what_is_read_leaves_the_texts_as_they_were():
    texts = pl.Series(['{"question": "Find $\\\\frac12$."}', "ÄÖ is Ü", None, "plain"])
    before = texts.to_list()
    read_escaped(texts)
    lowercase_bytes(texts)

    assert texts.to_list() == before


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
