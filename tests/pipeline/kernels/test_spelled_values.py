"""Values in words and in other spellings, as the lexer reads digits."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.layout import replace_all
from pipeline.kernels.spelled_values import FEW, UNITS, spell_values
from pipeline.kernels.spelled_words import TIMES

WORDS = (
    "per Per PER square Square sq sq. cubic km kilometers m meters miles feet ft yards "
    "inches kg grams g l liters gallons hour hr second sec s min day week cent cents "
    "side card dollars x $5 / km/h mph kmph KPH kmh km/h² h\u200d é — \x1c \x85 \n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two hundred and five sheep", "205 sheep"),
        ("(two thousand three hundred)", "(2300)"),
        ("1.5 million and 3 billion", "1500000 and 3000000000"),
        ("one hundred and two hundred", "100 and 200"),
        ("hundreds of people", "hundreds of people"),
        ("two hundred thousand", "200000"),
        ("two thirds, one-half, a third", "2/3, 1/2, a third"),
        ("“Two-thirds”, «one hundred»", "“2/3”, «100»"),
        ("the third person", "the third person"),
        ("3rd, 11th, 20th, 42nd", "third, eleventh, twentieth, forty-second"),
        ("the 103rd", "the 103rd"),
        ("12 000 or 1 250 300", "12000 or 1250300"),
        ("7 100 200 30", "7 100 200 30"),
        ("3 x 8 x 2, 5x7, 0x10, 2x + 1", "3 * 8 * 2, 5*7, 0x10, 2x + 1"),
        ("60 kilometers per hour", "60 kilometers/hour"),
        ("60 km/h, 5 m / s", "60 km/hour, 5 m/second"),
        ("$5 per person", "$5 per person"),
    ],
)  # fmt: skip
def test_a_value_has_one_spelling(text: str, expected: str):
    assert spell_values(pl.Series([text, "none here"])).to_list() == [
        expected,
        "none here",
    ]


def test_rates_have_one_spelling_however_they_are_written():
    rates = ["60 km per hr", "60 km per hour", "60 km/h", "60 km / hr"]

    assert set(spell_values(pl.Series(rates))) == {"60 km/hour"}


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=8).map(" ".join))
def test_units_are_seen_wherever_a_pattern_finds_one(text: str):
    column = pl.Series([text])

    rates = [UNITS[mark] for mark in UNITS if mark != TIMES]
    whole = replace_all(sum(rates, ()), column)

    assert spell_values(column).to_list() == whole.to_list()


def test_a_value_is_read_alike_among_few_texts_and_among_many():
    texts = [
        "5 per\x1ccent",
        "30 square km/h",
        "60 Km per hr",
        "2 x 3 x 4",
        "7\x1fcubed",
    ]
    many = pl.Series(texts * FEW)

    assert (
        spell_values(many).to_list() == spell_values(pl.Series(texts)).to_list() * FEW
    )


def test_a_value_is_read_alike_in_a_long_text_and_in_a_short_one():
    before, behind = "Some sheep walked to Dover and ", " away, they say. " * 50
    values = ["two hundred thousand", "12 000", "one half", "3rd", "3 x 8 x 2", "5 x y"]

    alone = spell_values(pl.Series(values))
    within = spell_values(before + pl.Series(values) + behind)

    assert within.to_list() == (before + alone + behind).to_list()


def test_a_value_in_one_text_says_nothing_of_another():
    texts = pl.Series(["ten million sheep", "the ten millions digit"])

    assert spell_values(texts).to_list() == ["10000000 sheep", texts[1]]
