"""Recorded completions are matched by what the problem says."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.schema import ROLLOUT
from stages.rollouts import Params, make
from tests.rows import problems

SEEN = ["id", "sample", "model", "completion"]


def replayed(rows: pl.DataFrame, *recordings: dict) -> pl.DataFrame:
    params = Params(engine="replay", replay=recordings)
    return pl.concat(make(params, rows, Path("no-model-is-needed")))


def lines(path: Path, *rows: dict) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_columns_inside_columns_are_models(tmp_path: Path):
    path = lines(
        tmp_path / "a.jsonl",
        {"question": "2+2?", "6b": {"solution": "A: 5"}, "175b": {"solution": "A: 4"}},
        {"question": "never asked", "6b": {"solution": "A: 1"}},
        {"question": "1+1?", "6b": {"solution": "A: 2"}, "175b": None},
    )
    columns = ["6b.solution", "175b.solution"]
    made = replayed(
        problems("1+1?", "0+0?", " 2+2? "),
        {"path": path, "problem": "question", "completions": columns},
    )

    assert made.schema == ROLLOUT
    assert made.select(SEEN).rows() == [
        ("test/00000", 0, "6b", "A: 2"),
        ("test/00002", 0, "6b", "A: 5"),
        ("test/00002", 1, "175b", "A: 4"),
    ]
    unknown = made.select("n_tokens", "finish_reason", "seed")
    assert unknown.null_count().row(0) == (3, 3, 3)


def test_one_completion_a_line_with_the_problem_inside_the_prompt(tmp_path: Path):
    path = lines(
        tmp_path / "a.jsonl",
        {"prompt": "<user>1+\n1?<end>", "completion": "2"},
        {"prompt": "<user>1+\n1?<end>", "completion": "3"},
        {"prompt": "no such marks", "completion": "4"},
    )
    recording = {"path": path, "problem": "prompt", "pattern": "<user>(.*)<end>"}
    made = replayed(problems("1+ 1?"), recording | {"model": "m-7b"})

    assert made.select(SEEN).rows() == [
        ("test/00000", 0, "m-7b", "2"),
        ("test/00000", 1, "m-7b", "3"),
    ]


def test_lists_of_completions_and_several_files_are_numbered_on(tmp_path: Path):
    one = lines(tmp_path / "a.jsonl", {"problem": "1+1?", "completion": ["2", "3"]})
    two = lines(tmp_path / "b.jsonl", {"problem": "1+1?", "completion": "two"})
    made = replayed(
        problems("1+1?"), {"path": one, "model": "a"}, {"path": two, "model": "b"}
    )

    assert made.select(SEEN).rows() == [
        ("test/00000", 0, "a", "2"),
        ("test/00000", 1, "a", "3"),
        ("test/00000", 2, "b", "two"),
    ]


def test_lines_that_cannot_be_read_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "a.jsonl"
    path.write_text('{"problem": "1+1?", "completion": "2"}\n{"problem": "1+\n')
    made = replayed(problems("1+1?", "2+2?"), {"path": str(path)})

    assert made["completion"].to_list() == ["2"]
    said = capsys.readouterr().err
    assert f"1 rows of {path} cannot be read" in said
    assert "1 of 2 problems have 1 recorded completions" in said


def test_a_missing_file_is_the_users_to_put_right(tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        replayed(problems("1+1?"), {"path": str(tmp_path / "none.jsonl")})


@pytest.mark.realdata
def test_four_models_on_gsm8k(data: Path):
    path = "$GOLDSIEVE_DATA/gen_gsm8k_openai/example_model_solutions.jsonl"
    real = data / "gen_gsm8k_openai/example_model_solutions.jsonl"
    questions = [json.loads(line)["question"] for line in real.open()]
    kinds = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
    made = replayed(
        problems(*questions),
        {
            "path": path,
            "problem": "question",
            "completions": [f"{kind}.solution" for kind in kinds],
        },
    )

    assert made["model"].unique(maintain_order=True).to_list() == kinds
    assert made.height == 4 * len(set(questions))


@pytest.mark.realdata
def test_long_completions_with_the_problem_inside_a_chat(data: Path):
    folder = "gen_areal_rollouts"
    name = "eval_aime24-deepscaler_base.jsonl"
    asked = pl.read_ndjson(data / "bench_math/aime24.jsonl")
    column = "problem" if "problem" in asked.columns else "question"
    made = replayed(
        problems(*asked[column]),
        {
            "path": f"$GOLDSIEVE_DATA/{folder}/{name}",
            "problem": "prompt",
            "pattern": "<｜User｜>(.*)<｜Assistant｜>",
            "model": "deepscaler",
        },
    )

    assert made.height == 128, "every line of the file"
    assert made.group_by("id").len()["len"].to_list() == [32] * 4
