import polars as pl

from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.names import find_persons, person_names


def persons(text: str) -> list[str]:
    """The words of `text` that name persons."""
    tokens = tokenise(pl.Series([text]), spans=True)
    found = find_persons(tokens.codes, tokens.kinds, tokens.ends, person_names())
    spans = zip(tokens.starts[found], tokens.stops[found], strict=True)
    return [text[start:stop] for start, stop in spans]


def test_given_names_of_many_cultures_are_persons():
    text = "Tom, Aisha, Kwame, Priya and Svetlana share 20 apples."
    assert persons(text) == ["Tom", "Aisha", "Kwame", "Priya", "Svetlana"]


def test_a_family_name_is_one_after_a_title_or_a_given_name():
    assert persons("Mr. Smith and Anna Brown pay. The Baker street is long.") == [
        "Smith",
        "Anna",
        "Brown",
    ]


def test_other_capitals_are_no_persons():
    text = "Germany, Monday, Python, True, Jupiter, ABCD and Find are no persons."
    assert persons(text) == []


def test_a_name_in_small_letters_is_a_word():
    assert persons("take a ray of light and a bill of 5 dollars") == []
