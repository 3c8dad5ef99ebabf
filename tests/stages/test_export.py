import json
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.schema import ROLLOUT
from stages import export, select, verify
from stages.export import Params
from tests.support.rows import problems
from tests.support.traces import trace as sampled
from tests.support.traces import with_traces

# Traces with their texts, as these tests write them down; `build` refers to them.
TEXT = pl.Struct({"text": pl.String, "model": pl.String, "n_tokens": pl.Int32})
CHOSEN = pl.List(TEXT)
PAIRS = pl.List(pl.Struct({"chosen": TEXT, "rejected": TEXT}))


def build(params: Params | None, out: Path, rows: pl.DataFrame) -> dict:
    """Export rows whose `chosen` and `pairs` hold texts: samples of rollouts."""
    samples: list[dict] = []

    def refer(id: str, trace: dict | list | None) -> dict | list | None:
        if isinstance(trace, list):
            return [refer(id, each) for each in trace]
        if trace is None or "text" not in trace:
            return trace and {name: refer(id, side) for name, side in trace.items()}
        number, text = len(samples), trace["text"]
        named = {"id": id, "sample": number, "model": trace["model"]}
        samples.append({**named, "completion": text})
        return {**trace, "kind": "sample", "number": number, "sample": number}

    for name in {"chosen", "pairs"} & {*rows.columns}:
        pairs = zip(rows["id"], rows[name].to_list(), strict=True)
        references = [refer(id, traces) for id, traces in pairs]
        of_select = pl.Series(references, dtype=select.COLUMNS[name], strict=False)
        rows = rows.with_columns(of_select.alias(name))
    return export.build(params, out, rows, pl.DataFrame(samples, schema=ROLLOUT))


def rows() -> pl.DataFrame:
    chosen = [
        [
            {"text": "1+1=2", "model": "m", "n_tokens": 5},
            {"text": "it is 2", "model": "m", "n_tokens": 7},
        ],
        [],
    ]
    return problems("1+1?", "2+2?", answer=["2", "4"]).with_columns(
        chosen=pl.Series(chosen, dtype=CHOSEN),
        pass_rate=pl.Series([0.25, 0.75]),
        n_samples=pl.Series([4, 4], dtype=pl.UInt32),
        n_correct=pl.Series([1, 3], dtype=pl.UInt32),
        curriculum_rank=pl.Series([1, 0], dtype=pl.UInt32),
        traces=pl.lit(None, verify.COLUMNS["traces"]),
        leaking_traces=pl.lit(None, pl.List(pl.UInt32)),
    )


def test_prompts_are_conversations_in_the_order_of_lessons(tmp_path: Path):
    build(Params(prompt={"system": "Think.", "suffix": "Box it."}), tmp_path, rows())
    table = pl.read_parquet(tmp_path / "rl.parquet")

    assert table["prompt"].to_list() == [
        [
            {"role": "system", "content": "Think."},
            {"role": "user", "content": f"{text}\nBox it."},
        ]
        for text in ("2+2?", "1+1?")
    ]
    assert table["answer"].to_list() == ["4", "2"]


def test_stages_of_lessons_are_in_the_table_where_the_recipe_has_some(tmp_path: Path):
    none = pl.lit(None, pl.UInt32)
    for name, stage in {
        "with": pl.Series([1, None], dtype=pl.UInt32),
        "without": none,
    }.items():
        build(Params(), tmp_path / name, rows().with_columns(curriculum_stage=stage))
    staged, plain = (
        pl.read_parquet(tmp_path / name / "rl.parquet") for name in ("with", "without")
    )

    assert staged["curriculum_stage"].to_list() == [None, 1]
    assert "curriculum_stage" not in plain.columns


def test_rows_of_a_source_are_repeated_under_ids_of_their_own(tmp_path: Path):
    table = rows().with_columns(source=pl.Series(["code", "math"]))
    params = Params(repeat={"code": 3}, formats=["trl", "openrlhf"])
    counts = build(params, tmp_path, table)
    rl, sft = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("rl", "sft"))

    copies = ["test/00000", "test/00000#2", "test/00000#3"]
    assert counts == {"rl": 4, "sft": 6}
    assert rl["id"].to_list() == ["test/00001", *copies]
    assert rl["answer"].to_list() == ["4", "2", "2", "2"]
    assert sft["id"].to_list() == [copy for copy in copies for _ in range(2)]
    assert pl.read_parquet(tmp_path / "openrlhf.parquet").height == 4


def test_every_chosen_trace_is_an_example(tmp_path: Path):
    counts = build(Params(), tmp_path, rows())
    table = pl.read_parquet(tmp_path / "sft.parquet")

    assert counts == {"rl": 2, "sft": 2}
    assert table["completion"].to_list() == [
        [{"role": "assistant", "content": "1+1=2"}],
        [{"role": "assistant", "content": "it is 2"}],
    ]
    assert table["id"].to_list() == ["test/00000"] * 2


def test_without_select_right_traces_that_leak_nothing_are_examples(tmp_path: Path):
    traces = [
        sampled("leaks", n_tokens=1),
        sampled("wrong", n_tokens=2, correct=False),
        sampled("right", n_tokens=3),
    ]
    solutions = [
        {"text": "by hand", "model": "human", "correct": None},
        {"text": "mistaken", "model": "human", "correct": False},
    ]
    table = problems("1+1?", "2+2?", solutions=[solutions] * 2)
    table = rows().with_columns(
        table["solutions"],
        chosen=pl.lit(None, select.COLUMNS["chosen"]),
        leaking_traces=pl.Series([[0], None], dtype=pl.List(pl.UInt32)),
    )
    table, rollouts = with_traces(table, [traces, []])
    export.build(Params(), tmp_path, table, rollouts)
    sft = pl.read_parquet(tmp_path / "sft.parquet")

    assert [turns[0]["content"] for turns in sft["completion"]] == ["right", "by hand"]
    assert sft["n_tokens"].to_list() == [3, None]


def test_off_leaves_tables_without_rows(tmp_path: Path):
    assert build(None, tmp_path, rows()) == {"rl": 0, "sft": 0}

    build(Params(), tmp_path / "on", rows())
    for name in ("rl", "sft"):
        empty = pl.read_parquet(tmp_path / f"{name}.parquet")
        assert empty.schema == pl.read_parquet_schema(tmp_path / f"on/{name}.parquet")


def leveled() -> pl.DataFrame:
    """Two problems with levels, the harder one first."""
    return rows().with_columns(meta=pl.Series(['{"level": "5"}', '{"level": "2"}']))


EASY = {
    "id": "test/00001", "problem": "2+2?", "verifier": "math", "verify_info": "{}",
    "pass_rate": 0.75, "level": "2",
}  # fmt: skip
HARD = EASY | {"id": "test/00000", "problem": "1+1?", "pass_rate": 0.25, "level": "5"}


def test_verl_gets_its_five_columns_in_the_order_of_lessons(tmp_path: Path):
    build(Params(formats=("trl", "verl")), tmp_path, leveled())
    table = pl.read_parquet(tmp_path / "verl.parquet")

    assert table.columns == [
        "data_source", "prompt", "ability", "reward_model", "extra_info",
    ]  # fmt: skip
    assert table["reward_model"].to_list() == [
        {"style": "rule", "ground_truth": answer} for answer in ("4", "2")
    ]
    assert table["extra_info"].to_list() == [{"index": 0} | EASY, {"index": 1} | HARD]
    assert table["prompt"][0].to_list() == [{"role": "user", "content": "2+2?"}]


def test_openrlhf_gets_everything_in_the_label(tmp_path: Path):
    build(Params(formats=("openrlhf",)), tmp_path, leveled())
    table = pl.read_parquet(tmp_path / "openrlhf.parquet")

    assert table.columns == ["input", "label", "datasource"]
    assert list(map(json.loads, table["label"])) == [
        {"answer": "4"} | EASY,
        {"answer": "2"} | HARD,
    ]
    assert table["input"][1].to_list() == [{"role": "user", "content": "1+1?"}]


def test_verifiers_gets_the_rest_as_json(tmp_path: Path):
    build(Params(formats=("verifiers",)), tmp_path, leveled())
    table = pl.read_parquet(tmp_path / "verifiers.parquet")

    assert table.columns == ["prompt", "answer", "info"]
    assert table["answer"].to_list() == ["4", "2"]
    assert list(map(json.loads, table["info"])) == [EASY, HARD]


def test_an_empty_table_keeps_its_schema(tmp_path: Path):
    names = "verl", "openrlhf", "verifiers"
    build(Params(formats=names), tmp_path, rows())
    full = [pl.read_parquet_schema(tmp_path / f"{name}.parquet") for name in names]
    build(Params(formats=names), tmp_path, rows().head(0))

    empty = [pl.read_parquet_schema(tmp_path / f"{name}.parquet") for name in names]
    assert empty == full
    assert pl.read_parquet(tmp_path / "sft.parquet").schema["completion"] == pl.List(
        pl.Struct({"role": pl.String, "content": pl.String})
    )


@pytest.mark.parametrize("name", ["rl", "sft"])
def test_datasets_and_trl_read_them_as_conversations(tmp_path: Path, name: str):
    from datasets import load_dataset
    from trl.data_utils import is_conversational

    build(Params(), tmp_path, rows())
    loaded = load_dataset(
        "parquet",
        data_files=str(tmp_path / f"{name}.parquet"),
        cache_dir=str(tmp_path / "cache"),
    )

    assert is_conversational(loaded["train"][0])


def trace(text: str) -> dict:
    return {"text": text, "model": "m", "n_tokens": 3}


def test_pairs_of_select_are_preferences(tmp_path: Path):
    pairs = [
        [{"chosen": trace("right"), "rejected": trace("wrong")}],
        [],
    ]
    table = rows().with_columns(
        pairs=pl.Series(pairs, dtype=PAIRS),
    )
    build(Params(formats=("trl", "dpo")), tmp_path, table)
    preferences = pl.read_parquet(tmp_path / "preferences.parquet")

    assert preferences.to_dicts() == [
        {
            "id": "test/00000",
            "prompt": [{"role": "user", "content": "1+1?"}],
            "chosen": [{"role": "assistant", "content": "right"}],
            "rejected": [{"role": "assistant", "content": "wrong"}],
        }
    ]


def test_preferences_need_pairs(tmp_path: Path):
    with pytest.raises(UserError, match="dpo needs pairs") as mistake:
        build(Params(formats=("trl", "dpo")), tmp_path, rows())

    assert "select: {pairs: {}}" in mistake.value.hint


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


ASKED = [
    {"role": "system", "content": "Think."},
    {"role": "user", "content": "1+1?"},
]
ORIGIN = {"id": "test/00000", "source": "test", "license": "mit", "model": "m"}


def test_messages_have_the_whole_conversation_in_a_line(tmp_path: Path):
    params = Params(formats=("messages",), prompt={"system": "Think."})
    build(params, tmp_path, rows())

    assert lines(tmp_path / "messages.jsonl") == [
        {"messages": [*ASKED, {"role": "assistant", "content": text}]} | ORIGIN
        for text in ("1+1=2", "it is 2")
    ]


def test_sharegpt_has_a_system_and_turns_of_from_and_value(tmp_path: Path):
    params = Params(formats=("sharegpt",), prompt={"system": "Think."})
    build(params, tmp_path, rows())

    assert (
        lines(tmp_path / "sharegpt.jsonl")[0]
        == {
            "system": "Think.",
            "conversations": [
                {"from": "user", "value": "1+1?"},
                {"from": "assistant", "value": "1+1=2"},
            ],
        }
        | ORIGIN
    )
    build(Params(formats=("sharegpt",)), tmp_path, rows())
    assert lines(tmp_path / "sharegpt.jsonl")[1]["system"] == ""


def test_problems_come_with_their_answers_in_the_order_of_lessons(tmp_path: Path):
    build(Params(formats=("jsonl",)), tmp_path, rows())

    assert lines(tmp_path / "problems.jsonl") == [
        {"problem": "2+2?", "answer": "4", "source": "test", "id": "test/00001"},
        {"problem": "1+1?", "answer": "2", "source": "test", "id": "test/00000"},
    ]


def test_no_rows_are_no_lines(tmp_path: Path):
    formats = ("messages", "sharegpt", "jsonl")
    build(Params(formats=formats), tmp_path, rows().clear())

    for name in ("messages", "sharegpt", "problems"):
        assert (tmp_path / f"{name}.jsonl").read_text() == ""


@pytest.mark.parametrize("name", ["messages", "sharegpt", "problems"])
def test_datasets_reads_every_line_as_it_was_written(tmp_path: Path, name: str):
    from datasets import load_dataset

    formats = ("messages", "sharegpt", "jsonl")
    build(Params(formats=formats, prompt={"system": 'é "\\n'}), tmp_path, rows())
    file = tmp_path / f"{name}.jsonl"
    cache = str(tmp_path / "cache")
    loaded = load_dataset("json", data_files=str(file), cache_dir=cache)

    assert loaded["train"].to_list() == lines(file)


@pytest.mark.parametrize("name", ["verl", "openrlhf", "verifiers", "preferences"])
def test_datasets_reads_every_table(tmp_path: Path, name: str):
    from datasets import load_dataset

    pairs = [[{"chosen": trace("right"), "rejected": trace("wrong")}], []]
    pairs = pl.Series("pairs", pairs, dtype=PAIRS)
    formats = ("trl", "dpo", "verl", "openrlhf", "verifiers")
    build(Params(formats=formats), tmp_path, leveled().with_columns(pairs))
    file = tmp_path / f"{name}.parquet"
    cache = str(tmp_path / "cache")
    loaded = load_dataset("parquet", data_files=str(file), cache_dir=cache)

    assert loaded["train"].to_list() == pl.read_parquet(file).to_dicts()


def thought() -> pl.DataFrame:
    text = "<think>\nhm\n</think>\n\nso 2"
    pairs = [[{"chosen": trace(text), "rejected": trace("hm</think>no")}], []]
    chosen = [[trace(text), trace("by hand")], []]
    return rows().with_columns(
        chosen=pl.Series(chosen, dtype=CHOSEN),
        pairs=pl.Series(pairs, dtype=PAIRS),
    )


def test_thinking_is_marked_as_the_recipe_says_wherever_traces_go(tmp_path: Path):
    formats = ("dpo", "messages", "sharegpt")
    build(Params(formats=formats, think="open_thoughts"), tmp_path, thought())
    sft = pl.read_parquet(tmp_path / "sft.parquet")
    preference = pl.read_parquet(tmp_path / "preferences.parquet").to_dicts()[0]
    marked = (
        "<|begin_of_thought|>\n\nhm\n\n<|end_of_thought|>\n\n"
        "<|begin_of_solution|>\n\nso 2\n\n<|end_of_solution|>"
    )

    assert [reply["content"] for (reply,) in sft["completion"]] == [marked, "by hand"]
    assert preference["chosen"][0]["content"] == marked
    assert preference["rejected"][0]["content"] == marked.replace("so 2", "no")
    assert lines(tmp_path / "messages.jsonl")[0]["messages"][-1]["content"] == marked
    turns = lines(tmp_path / "sharegpt.jsonl")[0]["conversations"]
    assert turns[-1] == {"from": "assistant", "value": marked}


def test_a_recipe_may_spell_its_own_tags(tmp_path: Path):
    own = {"open": "[", "close": "] ", "answer_open": "<", "answer_close": ">"}
    build(Params(think=own), tmp_path, thought())
    (reply,) = pl.read_parquet(tmp_path / "sft.parquet")["completion"][0]

    assert reply["content"] == "[hm] <so 2>"
