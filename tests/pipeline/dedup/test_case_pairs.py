"""Pairs of nearly equal texts, written by hand, and what each is: tests/cases/pairs.

They are taken as near, whatever a search finds: what is tested is the guard.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.dedup.pairs import Pairs
from pipeline.dedup.same_problem import classify_pairs
from pipeline.kernels.relations import COPY
from tests.support.rows import problems

FOLDER = Path("tests/cases/pairs")


def copies(cases: list[dict], *, turned: bool = False) -> list[bool]:
    """Whether the guard takes each pair for one problem."""
    sides = ("right", "left") if turned else ("left", "right")
    texts = [case[side] for case in cases for side in sides]
    answers = [
        answer for case in cases for answer in case["answers"][:: 1 - 2 * turned]
    ]
    first = np.arange(0, len(texts), 2, dtype=np.int32)
    pairs = Pairs(first, first + 1, np.full(len(first), 0.95))
    relation = classify_pairs(problems(*texts, answer=answers), pairs, guard=True)
    return (relation == COPY).tolist()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", ["differ", "same"])
def test_each_pair_is_what_its_file_says(name: str, turned: bool):
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    found = copies(cases, turned=turned)
    wrong = [
        case
        for case, is_copy in zip(cases, found, strict=True)
        if is_copy != (case["expected"] == "same")
    ]

    assert len(cases) > 140
    assert wrong == []
