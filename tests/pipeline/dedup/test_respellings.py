"""Pairs that are written alike before they are compared once more."""

import numpy as np
import polars as pl
import pytest

from pipeline.dedup.pairs import Pairs
from pipeline.dedup.respellings import may_misread
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.spellings import number_points
from pipeline.kernels.points import hash_digits, hash_points
from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING
from pipeline.kernels.shards import text_bytes
from tests.support.rows import problems

FIRST = np.array([0], np.int32)
DRAWING = "[asy] draw((0,0)--(9,0)--(4,6)--cycle); [/asy]"
SIDES = "In ABC is AB = 4, BC = 5, CA = 6."
KTH = "Given an array nums and an integer k, return its k-th largest element."
AREA = "What is the area of a triangle with vertices (0,0), (9,0) and (4,6)?"


def relation(left: str, right: str, *answers: str | None) -> int:
    rows = problems(left, right, answer=list(answers) or [None, None])
    pairs = Pairs(FIRST, FIRST + 1, np.array([0.95]))
    return int(classify_pairs(rows, pairs, guard=True)[0])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Fünf Schüler lesen 9 Bücher.", "Fuenf Schueler lesen 9 Buecher.", COPY),
        ("Die Mütter lesen 9 Seiten.", "Die Mutter lesen 9 Seiten.", SIBLING),
        (AREA, f"{AREA} {DRAWING}", COPY),
        ("What is the shaded area?", f"What is the shaded area? {DRAWING}", SIBLING),
        ("It holds cows - 18 of them - now.", "It holds cows—18 of them—now.", COPY),
        ("Find the total - 18 of it.", "Find the total 18 of it.", SIBLING),
        ("Find the $50$th term of it.", "Find the 50th term of it.", COPY),
        (r"Find the $n^{\text{th}}$ term of 3, 5.", "Find the nth term of 3, 5.", COPY),
        ("Sum it.\n\nSample Input 1\n3\n4", "Sum it.\n\n**Input:**\n3\n4", COPY),
        (r"Find \[1, 5, 3\] sorted by size.", "Find [1, 5, 3] sorted by size.", COPY),
        (KTH, f"{KTH}\n\n```python\nclass Solution:\n    def f(self, k):\n\n```", COPY),
        (KTH, f"{KTH}\n\nclass Solution {{\npublic:\n    int f(int k) {{}}\n}};", COPY),
        (KTH, f"{KTH} Your code should pass these tests:\n\nassert f(3) == 3", COPY),
        (KTH, f"{KTH}\n\nExample 1:\nInput: [3, 2], k = 2\nOutput: 2", COPY),
        (KTH, f"{KTH}\n\nExample 1:\nYou must not sort the array in place.", SIBLING),
        ("Write a function.", "Write a function.\ndef gcd(a, b):\n    pass", SIBLING),
        (r"It slows from $24\,\mathrm{m\,s^{-1}}$.", "It slows from 24 m/s.", COPY),
        (r"R is $8.3\,\mathrm{J\,mol^{-1}\,K^{-1}}$.", "R is 8.3 J/(mol·K).", COPY),
        (r"Use $5\,\mathrm{s^{-2}}$ now.", r"Use $5\,\mathrm{s^{-1}}$ now.", SIBLING),
        (r"If $$x + y = 9, \tag{1}$$ find $x$.", "If $x + y = 9$, find $x$.", COPY),
        ("Turn an n×n grid by 90 degrees.", "Turn an n x n grid by 90 degrees.", COPY),
        (r"Evaluate $\left|{-7}\right| + 3$.", "Evaluate $|-7| + 3$.", COPY),
        ("Is $A={3}$ the set?", "Is $A={4}$ the set?", SIBLING),
        ("| x | y |\n|---|---|\n| 1 | 5 |\n\nFind y.", "x | y\n1 | 5\n\nFind y.", COPY),
        ("A flat costs €750 a month.", "A flat costs 750 euros a month.", COPY),
        (r"Let $\Pr(A) = 0.4$; find it.", "Let $P(A) = 0.4$; find it.", COPY),
        ("A room of 4 m by 5 m is tiled.", "A room of 4 m × 5 m is tiled.", COPY),
        ("Divide the 6 by 3 in it now.", "Divide the 6 × 3 in it now.", SIBLING),
        (KTH, f"**The Largest One**\n\n{KTH}", COPY),
        (f"Smallest\n\n{KTH}", f"Largest\n\n{KTH}", SIBLING),
        (KTH, f"{KTH} (Hint: sort it.)", COPY),
        (KTH, f"{KTH}\n(Diagram not to scale)", COPY),
        ("The value of 3 + 4 is ____.", "The value of 3 + 4 is", COPY),
        (SIDES, "In PQR is PQ = 4, QR = 5, RP = 6.", COPY),
        (SIDES, "In PQR is PQ = 4, PR = 5, RQ = 6.", SIBLING),
        ("Find the mass of 4 g of DNA.", "Find the mass of 4 g of RNA.", SIBLING),
    ],
)  # fmt: skip
def test_pairs_that_differ_in_spelling(left: str, right: str, expected: int):
    assert relation(left, right) == relation(right, left) == expected


def test_a_text_may_lose_the_drawing_that_it_needs_where_the_answers_agree():
    left = "What is the area of the shaded region?"
    assert relation(left, f"{left} {DRAWING}", "41", "41") == COPY


def test_a_bare_power_is_a_dispute_only_where_the_answers_agree():
    left, right = "Find the last digit of $3^{12}$.", "Find the last digit of $3^12$."
    assert relation(left, right, "1", "1") == COPY
    assert relation(left, right, "1", "4") == SIBLING
    assert relation(left, left.replace("^{12}", "^{ 12 }"), "1", "4") == OTHER_ANSWER
    assert may_misread(pl.Series([left, right]), FIRST, FIRST + 1).tolist() == [True]


def test_points_are_numbered_as_they_come():
    assert number_points("PQR has PQ, QR and RP") == "ABC has AB, BC and CA"
    assert number_points("DNA and RNA") == "DNA and RNA"


def test_points_and_digits_are_hashed_in_order():
    texts = pl.Series(["ABC, AB 12", "PQR, PQ 1 2", "PQR, QP 21", "none", None])
    names, order = hash_points(*text_bytes(texts), np.arange(5))
    digits = hash_digits(*text_bytes(texts))

    assert names[0] != names[1]
    assert order[0] == order[1] != order[2]
    assert names[3] == order[4] == 0
    assert digits[0] == digits[1] != digits[2]
