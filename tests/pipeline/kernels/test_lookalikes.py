import doctest

import pytest

from pipeline.kernels import lookalikes


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(lookalikes).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        "Найдите сумму всех корней уравнения x + 3 = 7.",
        "Find α + β if αβ = 6.",
        "Κανόνας α, β",
        "plain",
        "",
    ],
)
def test_words_of_other_scripts_stay(text: str):
    assert lookalikes.read_lookalikes(text) == text


def test_the_table_knows_the_letters():
    alike = lookalikes.are_alike()
    assert alike[ord("а")]
    assert not alike[ord("б")]
    assert not alike[: ord("a") + 1].any()
