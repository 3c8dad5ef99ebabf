"""Options of multiple choice in another order: one question."""

import numpy as np
import pytest

from pipeline.dedup.pairs import Pairs
from pipeline.dedup.same_problem import classify_pairs
from pipeline.kernels.relations import COPY, SIBLING
from tests.support.rows import problems

ASKED = "Which of these rivers flows into the Black Sea? "
LEFT = ASKED + "(A) Rhine (B) Danube (C) Elbe (D) Oder"
RIGHT = ASKED + "(A) Danube (B) Oder (C) Elbe (D) Rhine"


@pytest.mark.parametrize(
    ("right", "answers", "relation"),
    [
        (RIGHT, ("B", "A"), COPY),
        (RIGHT, ("(B)", "Danube"), COPY),
        (RIGHT, ("B", None), COPY),
        (RIGHT, ("B", "B"), SIBLING),
        (RIGHT.replace("Oder", "Seine"), ("B", "A"), SIBLING),
        (RIGHT.replace("Black", "North"), ("B", "A"), SIBLING),
    ],
)
def test_options_in_another_order_are_one_question(right, answers, relation):
    rows = problems(LEFT, right, answer=list(answers))
    places = np.array([0], np.int32)
    pairs = Pairs(places, places + 1, np.array([0.9]))

    assert classify_pairs(rows, pairs, guard=True).tolist() == [relation]
