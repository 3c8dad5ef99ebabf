"""What stands behind a problem and is not of it."""

import pytest

from pipeline.dedup import trailers
from pipeline.dedup.respelling_rules import cut

ASKED = "How many of the 40 boats on the lake have a red sail?"


@pytest.mark.parametrize(
    "tail",
    [
        "(A) 12 (B) 15 (C) 18 (D) 21 (E) 24",
        "\nA. 12\nB. 15\nC. 18",
        "A) 12  B) 15  C) 18  D) 21",
        r"$\textbf{(A)}\ 12 \qquad\textbf{(B)}\ 15 \qquad\textbf{(C)}\ 18$",
        r"$\mathrm{(A) \ } 12 \qquad \mathrm{(B) \ } 15 \qquad \mathrm{(C) \ } 18$",
        "A 12 B 15 C 18 D 21",
    ],
)
def test_options_are_cut_off(tail: str):
    assert cut(trailers.OPTIONS, f"{ASKED} {tail}").strip() == ASKED


@pytest.mark.parametrize(
    "text",
    [
        "In the triangle with vertices A, B and C C is 40 degrees. Find B.",
        "Points A (1, 2) and B (3, 4) lie on a line. Where is x = 9, and why?",
        "Short. (A) 1 (B) 2 (C) 3",
    ],
)
def test_what_looks_like_options_stays(text: str):
    assert cut(trailers.OPTIONS, text) == text


@pytest.mark.parametrize(
    "tail",
    [
        "Express your answer as a common fraction.",
        "(Answer with a number)",
        "Enter all values of $n,$ separated by commas.",
        "Please give the result in terms of k.",
    ],
)
def test_how_to_answer_is_cut_off(tail: str):
    assert cut(trailers.FORM, f"{ASKED} {tail}").strip() == ASKED


def test_numerals_of_parts_are_numbers():
    assert trailers.number_parts("(i) a (Ⅱ) b (III) c f(i) (v)") == (
        "(1) a (2) b (3) c f(i) (5)"
    )
    assert trailers.spell_roman("quadrant Ⅳ") == "quadrant IV"
