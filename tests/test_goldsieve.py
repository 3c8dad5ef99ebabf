"""The public Python API: what notebooks and other trainers import."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import goldsieve
from goldsieve import UserError
from pipeline.grading import reward_file
from tests.support.project import run_in

BOXES = [r"\boxed{0.5}", r"\boxed{2}", "I would have to know the width."]


def test_verify_gives_a_verdict_with_its_reason():
    verdict = goldsieve.verify("math", r"\frac{1}{2}", BOXES[0])

    assert (verdict.correct, verdict.extracted) == (True, "0.5")
    assert verdict.why


def test_verify_takes_what_a_verifier_needs_beside_the_gold_answer():
    numbers = {"task": "countdown", "numbers": [2, 3, 4], "target": 20}

    assert goldsieve.verify("puzzle", "20", "<answer>(2+3)*4</answer>", numbers).correct
    wrong = goldsieve.verify("puzzle", "20", "<answer>2*3+4</answer>", numbers)
    assert wrong.correct is False


def test_an_unknown_verifier_is_told_the_known_ones():
    with pytest.raises(goldsieve.UserError, match="maths") as error:
        goldsieve.verify("maths", "1", "1")
    assert "math" in error.value.hint


def test_score_adds_verdicts_to_rows_in_their_order():
    rows = pl.DataFrame({"answer": ["1/2"] * 3, "completion": BOXES, "mine": [1, 2, 3]})
    scored = goldsieve.score(rows)

    assert scored.select(rows.columns).equals(rows)
    assert scored["correct"].to_list() == [True, False, False]
    assert scored["extracted"].to_list() == ["0.5", "2", None]


def test_score_names_the_column_that_is_missing():
    with pytest.raises(goldsieve.UserError, match="completion"):
        goldsieve.score(pl.DataFrame({"answer": ["1"]}))


def test_reward_is_what_trl_calls():
    chats = [[{"role": "assistant", "content": text}] for text in BOXES]
    columns = {"answer": ["0.5"] * 3, "verifier": ["math"] * 3, "prompts": ["?"] * 3}

    assert goldsieve.reward(chats, **columns) == [1.0, 0.0, 0.0]
    assert goldsieve.reward(BOXES, answer=["0.5"] * 3) == [1.0, 0.0, 0.0]


CALLS = {
    "TRL": lambda text, gold, row: goldsieve.reward(
        [[{"role": "assistant", "content": text}]], answer=[gold],
        verifier=[row["verifier"]], verify_info=[row["verify_info"]],
    )[0],
    "verl": lambda text, gold, row: goldsieve.compute_score(
        solution_str=text, ground_truth=gold, extra_info=row, data_source="a"
    )["score"],
    "verifiers": lambda text, gold, row: asyncio.run(
        goldsieve.rubric_reward(
            completion=[{"role": "assistant", "content": text}], answer=gold, info=row
        )
    ),
    "OpenRLHF": lambda text, gold, row: goldsieve.reward_func(
        ["Half?" + text], ["Half?"], [json.dumps(row | {"answer": gold})]
    )["rewards"].tolist()[0],
}  # fmt: skip


@pytest.mark.parametrize("framework", CALLS)
def test_every_framework_has_its_reward_from_one_import(framework: str):
    if framework == "OpenRLHF":
        pytest.importorskip("torch")
    row = {"verifier": "math", "verify_info": "{}", "problem": "Half?"}
    golds = ["1/2", "1/2", None]  # the last cannot be decided
    texts = [r"\boxed{0.5}", r"\boxed{2}", r"\boxed{0.5}"]
    rewards = [CALLS[framework](t, g, row) for t, g in zip(texts, golds, strict=True)]

    assert rewards == [1.0, 0.0, None if framework == "TRL" else 0.0]


ODD = [
    (r"\boxed{4}", 1.0),
    ([{"role": "assistant", "content": [{"type": "text", "text": r"\boxed{4}"}]}], 1.0),
    ({"role": "assistant", "content": r"\boxed{4}"}, 1.0),
    ([{"role": "assistant", "content": "", "tool_calls": [{"id": 1}]}], 0.0),
    ("", 0.0),
    ("\ud800 \\boxed{4}", 1.0),
    *((odd, None) for odd in (None, [], {}, [None], 4, float("nan"), b"4", object())),
    ([{"role": "assistant"}], None),
    ([{"role": "assistant", "content": None}], None),
    ([{"role": "assistant", "content": [{"type": "image"}, None, "4"]}], None),
]


def test_no_completion_stops_a_training():
    completions, expected = map(list, zip(*ODD, strict=True))

    assert goldsieve.reward(completions, answer=["4"] * len(ODD)) == expected
    for completion, reward in ODD:
        scored = asyncio.run(goldsieve.rubric_reward(completion, "4", None))
        assert scored == (reward or 0.0)
        if not isinstance(completion, dict | list):
            score = goldsieve.compute_score("a", completion, "4", {})
            assert score["undecided"] == float(reward is None)


@pytest.mark.parametrize("gold", [4, 4.0, np.int64(4), np.float32(4)])
def test_gold_answers_may_be_numbers(gold):
    assert goldsieve.verify("math", gold, "It is 4.").correct is True
    assert goldsieve.reward(["4", "5"], answer=[gold] * 2) == [1.0, 0.0]
    assert goldsieve.compute_score("a", "4", gold, None)["acc"] == 1.0
    rows = [{"answer": 4, "completion": [{"role": "assistant", "content": "4"}]}]
    assert goldsieve.score(rows)["correct"].to_list() == [True]


def test_a_label_may_be_the_gold_answer_alone():
    pytest.importorskip("torch")
    scores = goldsieve.reward_func(["1+1?2", "Half?0.5"], ["1+1?", "Half?"], ["2", "½"])
    assert scores["rewards"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("answer", ["4", ["4"]])
def test_a_reward_without_an_answer_for_each_completion_says_so(answer):
    with pytest.raises(UserError, match="answer has to be a list of 2 values"):
        goldsieve.reward(["4", "5"], answer=answer)


def test_tables_of_any_library_are_filtered_and_scored():
    rows = [{"problem": "What is 1+1?", "answer": "2", "completion": "2"}] * 2
    for table in (
        rows, datasets.Dataset.from_list(rows), pd.DataFrame(rows),
        pa.Table.from_pylist(rows), pl.LazyFrame(rows),
    ):  # fmt: skip
        assert goldsieve.filter("dedup_exact", table).metrics["rows_out"] == 1
        assert goldsieve.score(table)["correct"].to_list() == [True] * 2
    for odd in (None, "rows", 3):
        with pytest.raises(UserError, match="no table can be made of"):
            goldsieve.score(odd)


def test_a_table_that_is_not_there_is_named_with_those_that_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run_in(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="no table is called 'selekt'") as error:
        goldsieve.read("selekt")
    assert "select" in error.value.hint


def test_rows_of_another_exporter_are_of_maths():
    unknown = {"problem": None}
    score = goldsieve.compute_score("a", "1", "1", unknown, weights={"language": 1.0})
    assert score["language"] == 1.0

    score = goldsieve.compute_score("a", r"\boxed{0.5}", "1/2")
    assert (score["acc"], score["undecided"]) == (1.0, 0.0)
    assert asyncio.run(goldsieve.rubric_reward(r"\boxed{0.5}", "1/2")) == 1.0


def test_verl_finds_its_reward_by_the_name_that_it_looks_for():
    # verl 0.9: `path: pkg://goldsieve`, and `compute_score` where no name is given.
    assert goldsieve.compute_score is reward_file.compute_score
    assert set(goldsieve.__all__) <= set(dir(goldsieve))


def test_what_cannot_be_decided_has_no_reward():
    rewards = goldsieve.reward(["x"], answer=[None], verifier="code")

    assert rewards == [None]


def test_filter_keeps_drops_and_says_why():
    rows = pl.DataFrame({"problem": ["1+1?", "1+1?", ""], "mine": ["a", "b", "c"]})
    outcome = goldsieve.filter("dedup_exact", rows)

    assert outcome.kept["mine"].to_list() == ["a"]
    assert outcome.dropped.select("mine", "reason", "twin").rows() == [
        ("b", "exact_duplicate", "rows/00000"),
        ("c", "source_unreadable", None),
    ]
    assert outcome.metrics["rows_in"] == 3


def test_filter_takes_benchmark_items_and_params():
    text = "A train leaves at noon and goes 60 miles in an hour. How far by two?"
    rows = pl.DataFrame({"problem": [text, "What is 3 times 4?"]})
    outcome = goldsieve.filter(
        "decontaminate", rows, rows.head(1), methods=["coverage"]
    )

    assert outcome.dropped["twin"].to_list() == ["other_0/00000"]
    with pytest.raises(goldsieve.UserError, match="thresold"):
        goldsieve.filter("dedup_ngram", rows, thresold=0.8)
    with pytest.raises(goldsieve.UserError, match="not a filter"):
        goldsieve.filter("export", rows)


def test_read_gives_the_tables_of_the_project_by_name(workshop):
    folder: Path = workshop("{}")
    (folder / "data").mkdir()
    pl.DataFrame({"id": ["a/0"]}).write_parquet(folder / "data/select.parquet")

    assert goldsieve.read("select").rows() == [("a/0",)]


def test_importing_it_is_cheap():
    code = (
        "import sys, goldsieve; print(*{'torch', 'sympy', 'duckdb'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_run_as_a_file_it_is_the_command():
    done = subprocess.run(
        [sys.executable, goldsieve.__file__, "filter", "no-such-stage", "x.jsonl"],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "no-such-stage" in done.stderr
