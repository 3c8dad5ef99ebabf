import json

import polars as pl
import pytest

from pipeline.contamination.pasted import APART, read_contents


def read(text: str) -> str:
    return read_contents(pl.Series([text]))[0]


LINES = "Find all $x$ with\n$x^2 = 49$ and say\nhow many there are."


@pytest.mark.parametrize(
    "written",
    [
        "@@ -0,0 +1,3 @@\n+" + LINES.replace("\n", "\n+"),
        "1  Find all $x$ with\n2  $x^2 = 49$ and say\n3  how many there are.",
        " 1: Find all $x$ with\n 2: $x^2 = 49$ and say\n 3: how many there are.",
        "// " + LINES.replace("\n", "\n// "),
        "-- " + LINES.replace("\n", "\n-- "),
        "\n".join(f"{line:<30} [{n}]" for n, line in enumerate(LINES.split("\n"))),
        "[00:12] <ed> " + LINES.replace("\n", "\n[00:15] <ed> "),
        "1\n00:00:01,000 --> 00:00:04,000\n"
        + LINES.replace("\n", "\n\n2\n00:00:05,000 --> 00:00:09,000\n", 1),
        json.dumps({"name": "solve", "arguments": json.dumps({"query": LINES})}),
    ],
)
def test_what_was_put_around_lines_goes(written: str):
    readings = read_contents(pl.Series([written]), barely=True)[0].split(APART)

    assert LINES in [reading.removeprefix("solve\n") for reading in readings]


def test_a_section_of_xml_is_a_text_of_its_own():
    assert read("<q><![CDATA[Is 7 odd?]]></q>") == "<q>\nIs 7 odd?\n</q>"


@pytest.mark.parametrize("text", ["1 2\n2 4\n3 8", "1 a\n3 b", "@@ is no hunk"])
def test_columns_of_numbers_stay(text: str):
    assert read(text) == text


def test_sections_that_never_end_are_read_once():
    opened = "<![CDATA[" * 200_000  # a pattern would look for the end of each

    assert read(opened) == opened
    assert read(f"<![CDATA[a]]>{opened}") == f"\na\n{opened}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("<row><stem>Is 7 odd?</stem><key>yes</key></row>", "\nIs 7 odd?\nyes\n"),
        ('ask = ("How many of the 7 " +\n       "boats are red?")', None),
        (r"f \= \frac\{1\}\{2\} x^\{7\}", r"f = \frac{1}{2} x^{7}"),
        (r"\{1, 2\} \in\{3\}, x = 7", r"\{1, 2\} \in\{3\}, x = 7"),
        ("It isn\\'t 7, and Tom''s is.", "It isn't 7, and Tom's is."),
        ("**ann** 4 pm\n||Is 7 odd?||\nyes", "**ann** 4 pm\nIs 7 odd?\nyes"),
        ("Is 7 =3D 7 in m=C2=B2?", "Is 7 = 7 in m²?"),
        ("one page\n12\x0c\nthe next", "one page\nthe next"),
        (r"\BEGIN{ALIGN} \FRAC12 \RR \\AB", r"\begin{align} \frac12 \RR \\AB"),
        ("Evаluаtе it: 3 + х", "Evaluate it: 3 + x"),
        ("a | b\n--- | ---\n1 | 2", "a | b\n--- | ---\n1 | 2"),
    ],
)
def test_what_a_text_was_written_as_is_read(written: str, said: str | None):
    if said is None:
        assert "How many of the 7 boats are red?" in read(written)
    else:
        assert read(written) == said


@pytest.mark.parametrize(
    "text",
    [
        "At 12:30 a bus leaves.\n13:00 is when it stops.",
        "In a<b>c the b stands </b> alone.",
        "# Title\nand a text",
        "x -- y\n- z",
    ],
)
def test_what_only_looks_pasted_stays(text: str):
    assert read(text) == text
