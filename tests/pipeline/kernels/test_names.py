import polars as pl
import pytest

from pipeline.kernels.characters import plain_text
from pipeline.kernels.latex_tokens import tokenise
from pipeline.kernels.names import find_persons, is_named, person_names


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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Then Tom Reed and Li Wei pay 5.", ["Tom", "Reed", "Li", "Wei"]),
        ("Mr. Garcia pays. Tom. Germany pays.", ["Mr", "Garcia", "Tom"]),
        ("Маша дала Пете 5 яблок, и маша", ["Маша", "Пете"]),
        ("小明给李华三张纸, 张老师", ["明", "李", "华", "张"]),
        ("철수는 영희에게 3", ["철수는", "영희에게"]),
        ("花子さんは3", ["花", "子"]),
    ],
)
def test_names_are_known_by_what_is_beside_them(text: str, names: list[str]):
    plain = plain_text(pl.Series([text]))
    tokens = tokenise(plain, spans=True)
    read = tokens.codes, tokens.kinds, tokens.starts, tokens.stops
    found = [
        is_named(*read, place, 0, len(tokens.codes), person_names())
        for place in range(len(tokens.codes))
    ]
    data = plain[0].encode()
    spans = zip(tokens.starts[found], tokens.stops[found], strict=True)
    assert [data[start:stop].decode() for start, stop in spans] == names


def test_a_name_in_small_letters_is_a_word():
    assert persons("take a ray of light and a bill of 5 dollars") == []
