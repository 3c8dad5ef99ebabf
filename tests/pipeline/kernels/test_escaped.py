import json

import polars as pl
import pytest

from pipeline.contamination.pasted import read_contents
from pipeline.kernels.escaped import read_string
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.published_ngrams import lowercase_bytes

TEXT = 'Find $\\frac{1}{2} \\neq x$.\nIt is "easy", said Mia: \\[y < 3\\]'


def read(text: str) -> str:
    return read_contents(pl.Series([text]))[0]


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
    read_contents(texts)
    lowercase_bytes(texts)

    assert texts.to_list() == before


def test_keys_and_numbers_of_an_object_stay_where_only_strings_are_read():
    texts = ['{"apples": 3}', '"Is 7 odd?\\n"', '\\"Odd\\": say \\\\frac12']

    read = [read_string(text) for text in texts]

    assert read == ['{"apples": 3}', "Is 7 odd?\n", '"Odd": say \\frac12']


def test_commands_that_begin_as_an_escape_does_are_none():
    text = "Is \\\\(x \\neq \\frac12\\\\) of\\nthese \\times 3?\\n\\tno"

    assert read(text) == "Is \\(x \\neq \\frac12\\) of\nthese \\times 3?\n\tno"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 200_000 + '\\"', "[" * 200_000 + '"'),
        ('Find \\\\(x\\\\) \\ud835 "a"', 'Find \\(x\\) \N{REPLACEMENT CHARACTER} "a"'),
        ("\\\\(\\ud835\\udc65", "\\(\N{MATHEMATICAL ITALIC SMALL X}"),
        ('{"q": "Find \\ud800"}', "Find \N{REPLACEMENT CHARACTER}"),
        ('[{"a":' + "[" * 200_000, '[{"a":' + "[" * 200_000),
    ],
    ids=["deep", "half", "pair", "record", "deep record"],
)
def test_no_text_ends_a_run(text: str, said: str):
    assert read(text) == said
    strip_layout(pl.Series([text]))
