from fractions import Fraction

import polars as pl
import pytest

from pipeline.dedup.quantities import find_quantities, weigh

ENGLISH = [
    ("the twelve eggs", ["12"]),
    ("the twenty-five thousand", ["25000"]),
    ("two dozen, half a dozen, a dozen of the", ["6", "12", "24"]),
    ("what is one hundred and one", ["101"]),
    ("two and a half of the three quarters", ["3/4", "5/2"]),
    (r"the \frac{3}{4}, \frac12 and 2 1/2", ["1/2", "3/4", "5/2"]),
    ("the 1,200.50 and the 1{,}000", ["1000", "2401/2"]),
    ("the point (3,5)", ["3", "5"]),
    ("is one of them", []),
    ("two hundred and five thousand of the", ["205000"]),
]
OTHERS = [
    ("fünfundzwanzig Äpfel und einundzwanzig Birnen", ["21", "25"]),
    ("3,5 Liter für 1.200 Euro", ["7/2", "1200"]),
    ("vingt-cinq pommes, trois cents poires, dix-sept", ["17", "25", "300"]),
    ("once manzanas y ciento veinte peras", ["11", "120"]),
    ("сто двадцать яблок", ["120"]),
    ("三百五十元，二十五个，3万人，二〇二三年", ["25", "350", "2023", "30000"]),
]


@pytest.mark.parametrize(("text", "values"), ENGLISH + OTHERS)
def test_numbers_are_read_in_digits_and_in_words(text: str, values: list[str]):
    found = find_quantities(pl.Series([text]))["value"].to_list()

    assert sorted(found) == sorted(hash(Fraction(value)) for value in values)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("the 90 minutes", "the 1.5 hours"),
        ("the 8.5 meters", "the 850 cm"),
        ("the 5 cents", "the $0.05"),
        ("the 50%", "half of the"),
        ("for half an hour", "what is 30 minutes"),
        ("find a third of it", "find 1/3 of it"),
    ],
)
def test_units_that_are_sure_are_converted(left: str, right: str):
    rows = find_quantities(pl.Series([left, right]))

    assert rows["row"].to_list() == [0, 1]
    assert rows["base"].n_unique() == 1
    assert rows["value"].n_unique() == 2


def test_a_number_weighs_by_its_digits():
    # Three bits for each digit that counts, 0.7 for a zero at the end, at most 12.
    bits = {2: 1.0, 7: 3.0, 40: 3.7, 365: 9.0, 1200: 7.4, 12345: 12.0}

    assert {value: weigh(Fraction(value)) for value in bits} == bits


def test_a_text_without_numbers_has_none():
    assert find_quantities(pl.Series(["What is this?", "", None])).height == 0
