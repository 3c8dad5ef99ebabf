"""Recorded completions are matched by what the problem says."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.schema import ROLLOUT
from stages.rollouts import Params, make
from stages.rollouts.replay import BATCH, Recording
from tests.support.rows import problems

SEEN = ["id", "sample", "model", "completion"]
ENDED = ["completion", "finish_reason", "n_tokens"]

# Rows in the columns of published sets, whose configs are those of the docs.
OPENR1 = [
    {
        "problem": "What is 1+1?",
        "answer": "2",
        "uuid": "a",
        "is_reasoning_complete": [True, False],
        "generations": ["<think>1+1</think> \\boxed{2}", "<think>1+1+1+"],
        "correctness_math_verify": [True, False],
        "finish_reasons": None,
        "correctness_count": 1,
    },
    {
        "problem": "What is 2+2?",
        "answer": "4",
        "uuid": "b",
        "is_reasoning_complete": [True, True, True],
        "generations": ["\\boxed{4}", "\\boxed{5}", "2+2+2+"],
        "correctness_math_verify": [True, False, False],
        "finish_reasons": ["stop", None, "length"],
        "correctness_count": 1,
    },
]
BOX = "Write the last number inside \\boxed{} and nothing else."
SYNTHETIC1 = [
    {
        "response_id": f"r{number}",
        "problem_id": f"p{number // 2}",
        "source": "numbers",
        "task_type": "verifiable_math",
        "prompt": prompt,
        "llm_response": response,
        "score": score,
    }
    for number, (prompt, response, score) in enumerate(
        [
            (f"What is 1+1?\n\n{BOX}", "\\boxed{2}", 1.0),
            (f"What is 1+1?\n\n{BOX}", "\\boxed{3}", 0.0),
            (f"Let x = 2.\nWhat is\nx+x?\n{BOX}\n", "\\boxed{4}", 1.0),
            ("Which number is \\boxed{1} + 1?", "\\boxed{2}", 1.0),
        ]
    )
]
DEEPMATH = [
    {
        "question": "What is 1+1?",
        "final_answer": "2",
        "difficulty": 1.0,
        "topic": "Mathematics -> Sums",
        "r1_solution_1": "It is \\boxed{2}.",
        "r1_solution_2": "Two: \\boxed{2}.",
        "r1_solution_3": "So \\boxed{2}.",
    },
]


def replayed(rows: pl.DataFrame, *recordings: dict) -> pl.DataFrame:
    params = Params(engine="replay", replay=recordings)
    samples = make(params, rows, Path("no-model-is-needed"))
    return pl.concat([ROLLOUT.to_frame(), *samples])


def lines(path: Path, *rows: dict) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def documented(name: str, path: str) -> dict:
    """The recording of the set `name` in the docs, reading `path` in its place."""
    blocks = Path("docs/rollouts.md").read_text().split("```yaml\n")[1:]
    recordings = [
        recording
        for block in blocks
        for section in [yaml.safe_load(block.split("```")[0]).get("rollouts", {})]
        for recording in section.get("replay", [])
    ]
    (recording,) = (recording for recording in recordings if name in recording["path"])
    return recording | {"path": path}


def written(folder: Path, kind: str, rows: list[dict]) -> str:
    path = folder / f"train-00000-of-00001.{kind}"
    if kind == "parquet":
        pl.DataFrame(rows).write_parquet(path)
        return str(path)
    return lines(path, *rows)


def test_solutions_are_the_traces_that_models_wrote_of_the_rows():
    writers = ["human", "R1", "source", None, "QwQ"]
    brought = [{"text": f"by {who}", "model": who, "correct": True} for who in writers]
    rows = problems("What is 1+1?", "What is 2+2?", solutions=[brought, []])

    completions = replayed(rows, "solutions")

    assert completions.select(*SEEN, "finish_reason").rows() == [
        ("test/00000", 0, "R1", "by R1", None),
        ("test/00000", 1, "QwQ", "by QwQ", None),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_openr1_math_by_the_config_of_the_docs(tmp_path: Path, kind: str):
    path = written(tmp_path, kind, OPENR1)
    completions = replayed(
        problems("What is 2+2?", "What is 1+1?"), documented("OpenR1-Math", path)
    )

    assert completions.schema == ROLLOUT
    assert completions.select(*SEEN, "finish_reason").rows() == [
        ("test/00000", 0, "DeepSeek-R1", "\\boxed{4}", "stop"),
        ("test/00000", 1, "DeepSeek-R1", "\\boxed{5}", "stop"),
        ("test/00000", 2, "DeepSeek-R1", "2+2+2+", "length"),
        ("test/00001", 0, "DeepSeek-R1", "<think>1+1</think> \\boxed{2}", "stop"),
        ("test/00001", 1, "DeepSeek-R1", "<think>1+1+1+", "length"),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_synthetic_1_by_the_config_of_the_docs(tmp_path: Path, kind: str):
    path = written(tmp_path, kind, SYNTHETIC1)
    questions = ["Let x = 2. What is x+x?", "What is 1+1?"]
    completions = replayed(
        problems(*questions, "Which number is \\boxed{1} + 1?"),
        documented("SYNTHETIC-1", path),
    )

    assert completions.select(SEEN).rows() == [
        ("test/00000", 0, "DeepSeek-R1", "\\boxed{4}"),
        ("test/00001", 0, "DeepSeek-R1", "\\boxed{2}"),
        ("test/00001", 1, "DeepSeek-R1", "\\boxed{3}"),
        ("test/00002", 0, "DeepSeek-R1", "\\boxed{2}"),
    ]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_deepmath_by_the_config_of_the_docs(tmp_path: Path, kind: str):
    path = written(tmp_path, kind, DEEPMATH)
    completions = replayed(problems("What is 1+1?"), documented("DeepMath", path))

    assert completions.select(SEEN).rows() == [
        ("test/00000", 0, "DeepSeek-R1", "It is \\boxed{2}."),
        ("test/00000", 1, "DeepSeek-R1", "Two: \\boxed{2}."),
        ("test/00000", 2, "DeepSeek-R1", "So \\boxed{2}."),
    ]


def test_ends_and_counts_are_read_beside_each_column(tmp_path: Path):
    path = lines(
        tmp_path / "a.jsonl",
        {
            "problem": "1+1?",
            "small": {"text": "2", "end": "EOS", "tokens": 3},
            "large": {"text": ["3", None, "4"], "end": ["max_tokens", "stop", None]},
        },
        {
            "problem": "1+1?",
            "small": {"text": "5", "end": "end_turn", "tokens": 4.0},
            "large": {"text": "6", "end": "stop", "tokens": [7]},
        },
    )
    completions = replayed(
        problems("1+1?"),
        {
            "path": path,
            "completions": ["small.text", "large.text"],
            "finish_reason": ["small.end", "large.end"],
            "n_tokens": ["small.tokens", "large.tokens"],
        },
    )

    assert completions.select("model", *ENDED).rows() == [
        ("small", "2", "stop", 3),
        ("large", "3", "length", None),
        ("large", "4", None, None),
        ("small", "5", "stop", 4),
        ("large", "6", "stop", 7),
    ]


def test_columns_lie_in_lists_and_in_texts_of_json_too(tmp_path: Path):
    chat = [{"content": "1+1?"}, {"content": "2"}]
    row = {"chat": json.dumps(chat), "meta": {"avg@8.end": "length"}}
    recording = {
        "path": lines(tmp_path / "a.jsonl", row),
        "problem": "chat.0.content",
        "completions": ["chat.1.content"],
        "finish_reason": ["meta.avg@8.end"],
    }
    completions = replayed(problems("1+1?"), recording)

    assert completions.select(ENDED).rows() == [("2", "length", None)]


def test_csv_has_texts_for_numbers_and_nothing_for_null(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "a.csv"
    path.write_text("problem,completion,done,tokens\n1+1?,2,True,12\n1+1?,3,,\n")
    recording = {"path": str(path), "is_complete": ["done"], "n_tokens": ["tokens"]}
    completions = replayed(problems("1+1?"), recording)

    assert completions.select(ENDED).rows() == [("2", "stop", 12), ("3", None, None)]
    assert " rows of " not in capsys.readouterr().err


def test_values_that_cannot_be_used_are_null_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def row(ends: object, counts: object) -> dict:
        return {"problem": "1+1?", "completion": ["2", "3"], "e": ends, "n": counts}

    path = lines(
        tmp_path / "a.jsonl",
        row(["stop", "length"], [1, 2]),
        row(["stop"], [1, 2, 3]),
        row("stop", 2),
        row(["gave up", "bored"], [-1, 1.5]),
        row([None, "stop"], [True, 2**31]),
        row("stop", [10**400, 1]),
        {"problem": None, "completion": "2", "e": "stop", "n": 1},
    )
    recording = {"path": path, "finish_reason": ["e"], "n_tokens": ["n"]}
    completions = replayed(problems("1+1?"), recording)

    assert completions.select(ENDED).rows() == [
        ("2", "stop", 1),
        ("3", "length", 2),
        *[("2", None, None), ("3", None, None)] * 3,
        ("2", None, None),
        ("3", "stop", None),
        ("2", None, None),
        ("3", None, 1),
    ]
    printed = capsys.readouterr().err
    expected = [
        "3 rows of {} have more or fewer values in `e` than completions; "
        "the first is row 1\n",
        "2 rows of {} have more or fewer values in `n` than completions; "
        "the first is row 1\n",
        "1 rows of {} end in an unknown way: expected one of stop, eos",
        "3 rows of {} have a count of tokens that is no whole number; "
        "the first is row 3\n",
        "1 rows of {} have no problem in `problem`; the first is row 6\n",
    ]
    for line in expected:
        assert f"rollouts: {line.format(path)}" in printed


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_column_that_is_not_there_is_an_error(tmp_path: Path, kind: str):
    path = written(tmp_path, kind, OPENR1)
    recording = documented("OpenR1-Math", path) | {"finish_reason": ["finish_reason"]}
    with pytest.raises(UserError, match="no row has the column 'finish_reason'") as e:
        replayed(problems("What is 1+1?"), recording)

    assert path in str(e.value)
    assert "finish_reasons, generations" in e.value.hint


def test_a_column_inside_one_that_is_not_there_is_an_error(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", {"problem": "1+1?", "reply": None})
    for column in ("answer.text", "answer"):
        with pytest.raises(UserError, match=f"no row has the column '{column}'"):
            replayed(problems("1+1?"), {"path": path, "completions": [column]})
    with pytest.raises(UserError, match="no completion of any of 1 problems"):
        replayed(problems("1+1?"), {"path": path, "completions": ["reply.text"]})


def test_parts_of_a_set_are_read_in_the_order_of_their_names(tmp_path: Path):
    for name in ("b", "a", "c"):
        lines(tmp_path / f"{name}.jsonl", {"problem": "1+1?", "completion": name})
    completions = replayed(
        problems("1+1?"), {"path": str(tmp_path / "[ab].jsonl"), "model": "m"}
    )

    assert completions["completion"].to_list() == ["a", "b"]


def test_samples_are_numbered_over_the_batches_of_a_large_file(tmp_path: Path):
    n = 3 * BATCH + 1
    rows = pl.DataFrame({"problem": ["1+1?", "2+2?", "0"] * n}).with_row_index("text")
    rows = rows.select("problem", completion=pl.col("text").cast(pl.String))
    rows.write_parquet(tmp_path / "a.parquet", row_group_size=700)
    completions = replayed(problems("2+2?"), {"path": str(tmp_path / "a.parquet")})

    assert completions["sample"].to_list() == list(range(n))
    assert completions["completion"].to_list() == [str(3 * i + 1) for i in range(n)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pattern": "no group"}, "expected a group"),
        ({"pattern": "("}, "valid regular expression"),
        ({"completions": ["a", "b"], "n_tokens": ["n"]}, "`n_tokens` names 1 columns"),
    ],
)
def test_a_recording_that_cannot_work_is_told_at_once(wrong: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Recording(path="a.jsonl", **wrong)


def test_columns_inside_columns_are_models(tmp_path: Path):
    path = lines(
        tmp_path / "a.jsonl",
        {"question": "2+2?", "6b": {"solution": "A: 5"}, "175b": {"solution": "A: 4"}},
        {"question": "never asked", "6b": {"solution": "A: 1"}},
        {"question": "1+1?", "6b": {"solution": "A: 2"}, "175b": None},
    )
    columns = ["6b.solution", "175b.solution"]
    completions = replayed(
        problems("1+1?", "0+0?", " 2+2? "),
        {"path": path, "problem": "question", "completions": columns},
    )

    assert completions.schema == ROLLOUT
    assert completions.select(SEEN).rows() == [
        ("test/00000", 0, "6b", "A: 2"),
        ("test/00002", 0, "6b", "A: 5"),
        ("test/00002", 1, "175b", "A: 4"),
    ]
    unknown = completions.select("n_tokens", "finish_reason", "seed")
    assert unknown.null_count().row(0) == (3, 3, 3)


def test_one_completion_a_line_with_the_problem_inside_the_prompt(tmp_path: Path):
    path = lines(
        tmp_path / "a.jsonl",
        {"prompt": "<user>1+\n1?<end>", "completion": "2"},
        {"prompt": "<user>1+\n1?<end>", "completion": "3"},
        {"prompt": "no such marks", "completion": "4"},
    )
    recording = {"path": path, "problem": "prompt", "pattern": "<user>(.*)<end>"}
    completions = replayed(problems("1+ 1?"), recording | {"model": "m-7b"})

    assert completions.select(SEEN).rows() == [
        ("test/00000", 0, "m-7b", "2"),
        ("test/00000", 1, "m-7b", "3"),
    ]


def test_lists_of_completions_and_several_files_are_numbered_on(tmp_path: Path):
    first = lines(tmp_path / "a.jsonl", {"problem": "1+1?", "completion": ["2", "3"]})
    second = lines(tmp_path / "b.jsonl", {"problem": "1+1?", "completion": "two"})
    completions = replayed(
        problems("1+1?"), {"path": first, "model": "a"}, {"path": second, "model": "b"}
    )

    assert completions.select(SEEN).rows() == [
        ("test/00000", 0, "a", "2"),
        ("test/00000", 1, "a", "3"),
        ("test/00000", 2, "b", "two"),
    ]


def test_lines_that_cannot_be_read_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"problem": "1+1?", "completion": "2"}\n{"problem": "1+\n'
        '{"problem": "never asked", "completion": "4"}\n'
    )
    completions = replayed(problems("1+1?", "2+2?"), {"path": str(path)})

    assert completions["completion"].to_list() == ["2"]
    printed = capsys.readouterr().err
    assert f"1 rows of {path} cannot be read" in printed
    assert "1 of 2 problems have 1 recorded completions" in printed


def test_a_missing_file_is_the_users_to_put_right(tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        replayed(problems("1+1?"), {"path": str(tmp_path / "none.jsonl")})


def test_a_hub_dataset_is_read_as_its_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "set").mkdir()
    path = written(tmp_path / "set", "parquet", OPENR1)
    columns = {"completions": ["generations"], "finish_reason": ["finish_reasons"]}
    rows = problems("What is 1+1?", "What is 2+2?")

    completions = replayed(
        rows, {"repo": str(tmp_path / "set"), "revision": "local"} | columns
    )
    assert completions.height == 5
    assert completions.equals(replayed(rows, {"path": path} | columns))


def test_the_hub_out_of_reach_is_the_users_to_solve():
    with pytest.raises(UserError, match="nobody/nothing@abc could not be loaded"):
        replayed(problems("1+1?"), {"repo": "nobody/nothing", "revision": "abc"})


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ({}, "give one of"),
        ({"path": "a.jsonl", "repo": "a/b", "revision": "1"}, "give one of"),
        ({"repo": "a/b"}, "needs a pinned `revision`"),
    ],
)
def test_recordings_are_in_one_place(location: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Recording(**location)


@pytest.mark.realdata
def test_four_models_on_gsm8k(data: Path):
    path = "$GOLDSIEVE_DATA/gen_gsm8k_openai/example_model_solutions.jsonl"
    real = data / "gen_gsm8k_openai/example_model_solutions.jsonl"
    questions = [json.loads(line)["question"] for line in real.open()]
    kinds = ["6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"]
    completions = replayed(
        problems(*questions),
        {
            "path": path,
            "problem": "question",
            "completions": [f"{kind}.solution" for kind in kinds],
        },
    )

    assert completions["model"].unique(maintain_order=True).to_list() == kinds
    assert completions.height == 4 * len(set(questions))


@pytest.mark.realdata
def test_long_completions_with_the_problem_inside_a_chat(data: Path):
    folder = "gen_areal_rollouts"
    name = "eval_aime24-deepscaler_base.jsonl"
    questions = pl.read_ndjson(data / "bench_math/aime24.jsonl")
    column = "problem" if "problem" in questions.columns else "question"
    completions = replayed(
        problems(*questions[column]),
        {
            "path": f"$GOLDSIEVE_DATA/{folder}/{name}",
            "problem": "prompt",
            "pattern": "<｜User｜>(.*)<｜Assistant｜>",
            "model": "deepscaler",
        },
    )

    assert completions.height == 128, "every line of the file"
    assert completions.group_by("id").len()["len"].to_list() == [32] * 4


def test_half_a_surrogate_pair_in_json_inside_a_text_harms_nothing(tmp_path: Path):
    half = json.dumps("x\ud800")[1:-1]
    out = f'{{"choices": [{{"message": {{"content": "y{half}"}}}}]}}'
    row = {"meta": f'{{"q": "{half}"}}', "out": out, "by": "m"}
    path = lines(tmp_path / "a.jsonl", row)
    recording = {"path": path, "problem": "meta.q", "completions": ["out"]}

    samples = replayed(problems("x\ufffd"), recording | {"models": ["by"]})
    assert samples.select("model", "completion").rows() == [("m", "yx\ufffd")]
