import doctest

import pytest

from pipeline.contamination import columns

PAGE = """\
In a row of 40 chairs       by 2. The mean of all
every third one is red.     ages was 31 before.
How many are not red?       What is it now?"""


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(columns).failed == 0


def test_two_columns_are_read_one_behind_the_other():
    left, right = columns.part_columns(PAGE).split("\n\n")

    assert left.startswith("In a row of 40 chairs\nevery third")
    assert right.endswith("ages was 31 before.\nWhat is it now?")


@pytest.mark.parametrize(
    "text",
    [
        "x       y\n1       2\n3       4",  # a table
        "One line with a gap    in it.",
        "A line that goes on       past the gap of the\nnext one, as prose does.",
        "No gap at all.",
    ],
)
def test_what_is_no_page_stays(text: str):
    assert columns.part_columns(text) == text
