import json
import time
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline import tables
from pipeline.errors import UserError
from pipeline.filter import Outcome
from pipeline.schema import PROBLEM, VERDICT
from pipeline.text import fingerprint
from stages import collect
from stages.collect import Params
from tests.support.rows import collect_with


def make(params: Params, name: str) -> Outcome:
    return collect.make(params, name).outcome()


GSM8K = {"question": "How many?", "answer": "18/2=9\n#### 9"}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_a_row_becomes_a_problem(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", GSM8K)
    params = Params(adapter="gsm8k", path=str(path), license="MIT", origin=("web",))
    outcome = make(params, "gsm8k")

    (row,) = outcome.kept.to_dicts()
    key = pl.select(fingerprint(pl.lit("How many?"))).item()
    assert row == {
        "id": "gsm8k/00000",
        "key": key,
        "source": "gsm8k",
        "license": "MIT",
        "origin": ["web"],
        "domain": "math",
        "problem": "How many?",
        "answer": "9",
        "verifier": "math",
        "verify_info": "{}",
        "solutions": [{"text": "18/2=9", "model": "human", "correct": True}],
        "meta": "{}",
    }
    assert outcome.kept.schema == PROBLEM
    assert outcome.dropped.schema == {**PROBLEM, **VERDICT}
    assert outcome.metrics == {"rows_in": 1, "rows_out": 1, "dropped": {}}


def test_what_cannot_be_read_says_why(tmp_path: Path):
    path = lines(tmp_path / "a.jsonl", GSM8K, {"question": "How many?"})
    path.write_text(path.read_text() + '\n{"question": "How')
    outcome = make(Params(adapter="gsm8k", path=str(path)), "gsm8k")

    assert outcome.metrics == {
        "rows_in": 3,
        "rows_out": 1,
        "dropped": {"source_unreadable": 2},
    }
    assert outcome.dropped["id"].to_list() == ["gsm8k/00001", "gsm8k/00002"]
    evidence = [*map(json.loads, outcome.dropped["evidence"])]
    assert evidence[0] == {
        "detail": "answer: expected text",
        "file": "a.jsonl",
        "row": 1,
        "excerpt": "{'question': 'How many?'}",
    }
    assert evidence[1]["detail"].startswith("not JSON")
    assert evidence[1]["excerpt"] == '{"question": "How'


def test_several_files_are_numbered_as_one(tmp_path: Path):
    first, second = (
        lines(tmp_path / name, GSM8K, GSM8K) for name in ("b.json", "a.json")
    )
    outcome = make(Params(adapter="gsm8k", paths=(str(first), str(second))), "s")

    assert outcome.kept["id"].to_list() == ["s/00000", "s/00001", "s/00002", "s/00003"]


def test_a_file_of_several_splits_gives_all_of_them_or_the_one_that_is_named(
    tmp_path: Path,
):
    row = {"problem": "1+1?", "answer": "2"}
    splits = {"train": [row] * 3, "test": [row, row | {"answer": ""}]}
    (tmp_path / "a.json").write_text(json.dumps(splits))
    options = {"adapter": "generic", "path": str(tmp_path / "a.json")}

    both = make(Params(**options, keep={"split": "split"}), "s")
    test = make(Params(**options, split="test"), "s")

    assert both.metrics["rows_in"] == 5
    assert both.kept["meta"].to_list() == ['{"split": "train"}'] * 3 + [
        '{"split": "test"}'
    ]
    assert test.metrics["rows_in"] == 2
    assert test.kept["id"].to_list() == ["s/00000"]
    with pytest.raises(UserError, match=r"no rows of the split 'dev'") as error:
        make(Params(**options, split="dev"), "s")
    assert error.value.hint == "it has test, train"
    (tmp_path / "a.json").write_text(json.dumps(splits["train"]))
    with pytest.raises(UserError, match=r"no rows of the split 'test'") as error:
        make(Params(**options, split="test"), "s")
    assert error.value.hint == "without `split` all of its rows are read"


def test_details_that_their_verifier_does_not_take_say_file_row_and_field(
    tmp_path: Path,
):
    tests = {"type": "stdio", "tests": [{"input": "1", "output": "1"}]}
    infos = [
        ("code", tests),
        ("code", tests | {"timeout_s": "2.0 seconds"}),
        ("numeric", {"rel_tol": "0.01"}),
        ("numeric", {"rel_tol": "1%"}),
        ("oracle", {}),
        ("math", "{oops"),
    ]
    rows = [
        {"problem": f"{number}?", "answer": "1", "verifier": name, "verify_info": info}
        for number, (name, info) in enumerate(infos)
    ]
    files = [lines(tmp_path / f"{i}.jsonl", *rows[i : i + 2]) for i in (0, 2, 4)]
    paths = tuple(map(str, files))
    outcome = make(Params(adapter="generic", paths=paths), "s")
    evidence = [json.loads(text) for text in outcome.dropped["evidence"]]

    assert outcome.kept["id"].to_list() == ["s/00000", "s/00002"]
    assert set(outcome.dropped["reason"]) == {"source_unreadable"}
    names = "choice, code, exact, judge, math, math_verify, numeric, puzzle"
    assert [(each["file"], each["row"], each["detail"]) for each in evidence] == [
        ("0.jsonl", 1,
         'verify_info.timeout_s: expected a number, found "2.0 seconds"'),
        ("2.jsonl", 3, 'verify_info.rel_tol: expected a number, found "1%"'),
        ("4.jsonl", 4, f'verifier: expected one of {names}, found "oracle"'),
        ("4.jsonl", 5, "verify_info: expected an object, or JSON of one"),
    ]  # fmt: skip


def test_a_verifier_that_is_not_there_is_a_mistake_in_the_recipe():
    with pytest.raises(ValueError, match=r"`set\.verifier` is one of choice, code, "):
        Params(adapter="generic", path="a.jsonl", set={"verifier": "maths"})


def test_text_that_no_table_can_hold_is_cleaned_or_told(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"q": "1\\u00002"}\n{"q": "\\u0000"}\n{"q": "\\udc80"}')
    columns = {"problem": "q", "answer": "q"}
    outcome = make(Params(adapter="generic", path=str(path), columns=columns), "s")

    assert outcome.kept["problem"].to_list() == ["12"]
    assert outcome.metrics["dropped"] == {"source_unreadable": 2}


def test_columns_and_constants_fit_any_table(tmp_path: Path):
    row = {"q": "1+1?", "final": {"answer": 2}, "why": "1 and 1 are 2"}
    params = Params(
        adapter="generic",
        path=str(lines(tmp_path / "a.jsonl", row)),
        columns={"problem": "q", "answer": "final.answer", "solution": "why"},
        set={"domain": "science", "verifier": "numeric"},
    )
    (kept,) = make(params, "s").kept.to_dicts()

    assert (kept["problem"], kept["answer"]) == ("1+1?", "2")
    assert (kept["domain"], kept["verifier"]) == ("science", "numeric")
    assert kept["solutions"][0]["text"] == "1 and 1 are 2"


def test_a_limit_takes_the_first_rows_or_the_same_random_ones(tmp_path: Path):
    path = str(lines(tmp_path / "a.jsonl", *[GSM8K] * 50))
    first = make(Params(adapter="gsm8k", path=path, limit={"rows": 2}), "s")
    assert first.kept["id"].to_list() == ["s/00000", "s/00001"]

    params = Params(adapter="gsm8k", path=path, limit={"rows": 9, "how": "random"})
    ids = make(params, "s").kept["id"]
    assert (ids.len(), ids.is_sorted(), ids[8] > "s/00008") == (9, True, True)
    assert make(params, "s").kept["id"].equals(ids)


def kept(rows: list[dict], **options) -> list[str]:
    """The numbers of the rows that a source with these `options` keeps, in order."""
    outcome = collect_with({"adapter": "generic"} | options, *rows)
    return [id.removeprefix("s/0000") for id in outcome.kept["id"]]


def numbered(count: int, **fields: list) -> list[dict]:
    """`count` problems; `fields` have a value for each."""
    return [
        {"problem": f"Problem {number}", "answer": str(number)}
        | {name: values[number] for name, values in fields.items()}
        for number in range(count)
    ]


@pytest.mark.parametrize(("seed", "rows"), [(42, 10), (42, 50), (0, 7), (7, 1)])
def test_a_shuffle_is_that_of_hugging_face(seed: int, rows: int):
    import datasets

    table = numbered(50)
    published = datasets.Dataset.from_list(table).shuffle(seed=seed).select(range(rows))
    limit = {"rows": rows, "how": "shuffle", "seed": seed}
    outcome = collect_with({"adapter": "generic", "limit": limit}, *table)

    assert outcome.kept["problem"].to_list() == published["problem"][:]


def test_a_shuffle_counts_rows_that_cannot_be_read():
    import datasets

    table = [{"problem": "", "answer": "1"}, *numbered(4)]
    drawn = datasets.Dataset.from_list(table).shuffle(seed=3).select(range(3))
    limit = {"rows": 3, "how": "shuffle", "seed": 3}
    outcome = collect_with({"adapter": "generic", "limit": limit}, *table)

    assert outcome.kept["problem"].to_list() == [p for p in drawn["problem"] if p]
    assert outcome.metrics["rows_in"] == 3


def test_conditions_come_before_the_limit_and_nothing_is_lost():
    table = [*numbered(6, level=[1, 2, 2, None, 2, 2]), {"problem": "", "answer": "1"}]
    options = {
        "adapter": "generic",
        "keep": {"level": "level"},
        "where": {"level": "meta.level = 2"},
        "limit": {"rows": 2},
    }
    outcome = collect_with(options, *table)

    assert outcome.kept["id"].to_list() == ["s/00001", "s/00002"]
    assert outcome.dropped.select("id", "reason").rows() == [
        ("s/00006", "source_unreadable"),
        ("s/00000", "level"),
        ("s/00003", "level"),
        ("s/00004", "over_limit"),
        ("s/00005", "over_limit"),
    ]


def test_a_shuffle_behind_a_condition_is_that_of_the_filtered_rows():
    import datasets

    table = numbered(40, level=[1, 2] * 20)
    filtered = datasets.Dataset.from_list([row for row in table if row["level"] == 2])
    limit = {"rows": 5, "how": "shuffle", "seed": 42}
    options = {"keep": {"level": "level"}, "where": "meta.level = 2", "limit": limit}
    outcome = collect_with({"adapter": "generic"} | options, *table)

    published = filtered.shuffle(seed=42).select(range(5))
    assert outcome.kept["problem"].to_list() == published["problem"][:]


def test_a_limit_of_each_group():
    table = numbered(8, topic=["a", "b", "a", "a", "b", None, "b", "c"])
    of_topics = {"by": "meta.topic", "rows": 2}
    keep = {"topic": "topic"}
    first_two = kept(table, keep=keep, limit={"per_group": of_topics})
    drawn = of_topics | {"how": "random", "seed": 1}
    some = kept(table, keep=keep, limit={"per_group": drawn})

    assert first_two == ["0", "1", "2", "4", "5", "7"]
    assert len(some) == 6
    assert some != first_two
    assert some == kept(table, keep=keep, limit={"per_group": drawn})
    assert kept(table, keep=keep, limit={"per_group": of_topics, "rows": 3}) == [
        "0", "1", "2",
    ]  # fmt: skip
    by_column = {"by": "length(answer)", "rows": 1}
    assert kept(table, limit={"per_group": by_column}) == ["0"]


def test_mistakes_in_conditions_and_groups_name_the_source():
    with pytest.raises(UserError, match=r"collect\.s\.where: .*no column 'probelm'"):
        kept(numbered(2), where="probelm = 'a'")
    with pytest.raises(UserError, match=r"collect\.s\.limit\.per_group\.by: .*'topic'"):
        kept(numbered(2), limit={"per_group": {"by": "topic", "rows": 1}})
    with pytest.raises(ValidationError, match="give `rows`, `per_group` or both"):
        kept([], limit={"how": "random"})
    with pytest.raises(ValidationError, match=r"(?s)where\..*pattern"):
        kept([], where={"No reason": "true"})


def test_fields_of_the_source_are_kept_in_meta():
    row = {
        "problem": "1+1?",
        "answer": "2",
        "extra_info": {"model_difficulty": {"R1-Distill-Qwen-1.5B": 3, "b": None}},
        "avg@8_qwen2.5": 0.5,
        "metadata": '{"difficulty": "hard", "tags": ["a", "b"]}',
        "broken": "{",
        "rate": float("nan"),
        "meta": {"level": 1, "type": "x"},
    }
    keep = {
        "failures": "extra_info.model_difficulty.R1-Distill-Qwen-1.5B",
        "absent": "extra_info.model_difficulty.b",
        "rate": "avg@8_qwen2.5",
        "difficulty": "metadata.difficulty",
        "tag": "metadata.tags.1",
        "inside": "broken.x",
        "nan": "rate",
        "level": "extra_info.nothing",
        "type": "problem",
    }
    (row,) = collect_with({"adapter": "generic", "keep": keep}, row).kept.to_dicts()

    assert json.loads(row["meta"]) == {
        "failures": 3,
        "rate": 0.5,
        "difficulty": "hard",
        "tag": "b",
        "nan": None,
        "level": 1,
        "type": "1+1?",
    }


def test_a_generator_is_a_source():
    params = Params(adapter="arithmetic", generator={"count": 3, "seed": 1})
    outcome = make(params, "chains")

    assert outcome.kept.height == 3
    assert outcome.kept.equals(make(params, "chains").kept)


def test_what_another_file_recorded_is_joined_by_number_or_by_a_column(
    tmp_path: Path,
):
    (tmp_path / "by_number.json").write_text('{"1": [0.5], "2": [1.0]}')
    scores = [{"question": "How many?", "score": -1.84}, {"question": "?"}]
    recorded = {
        "rates": {"path": str(tmp_path / "by_number.json")},
        "score": {
            "path": str(lines(tmp_path / "scores.jsonl", *scores)),
            "columns": ["question", "score"],
        },
    }
    path = lines(tmp_path / "a.jsonl", GSM8K | {"question": "Why?"}, GSM8K)
    path.write_text(path.read_text() + "\n{")
    outcome = make(Params(adapter="gsm8k", path=str(path), recorded=recorded), "s")

    assert outcome.kept["meta"].to_list() == ["{}", '{"rates": [0.5], "score": -1.84}']
    assert outcome.dropped.height == 1


def test_a_recording_that_cannot_be_read_is_a_mistake(tmp_path: Path):
    path = str(lines(tmp_path / "a.jsonl", GSM8K))
    (tmp_path / "rates.json").write_text("{")
    recorded = {"rates": {"path": str(tmp_path / "rates.json")}}
    with pytest.raises(UserError, match=r"rates\.json: "):
        make(Params(adapter="gsm8k", path=path, recorded=recorded), "s")


def test_a_dataset_on_the_hub_is_read_as_a_local_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "set"
    folder.mkdir()
    lines(folder / "train.jsonl", GSM8K, GSM8K)
    params = Params(adapter="gsm8k", repo=str(folder), revision="local")

    assert make(params, "hub").kept["id"].to_list() == ["hub/00000", "hub/00001"]


def test_the_hub_out_of_reach_is_the_users_to_solve():
    params = Params(adapter="gsm8k", repo="nobody/nothing", revision="abc")
    with pytest.raises(UserError, match="nobody/nothing@abc could not be loaded"):
        make(params, "hub")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"adapter": "gsm8k"}, "give one of"),
        ({"adapter": "gsm8k", "path": "a.json", "repo": "a/b"}, "give one of"),
        ({"adapter": "gsm8k", "repo": "a/b"}, "needs a pinned `revision`"),
        ({"path": "a.json"}, "`adapter` is missing"),
        ({"adapter": "generic", "path": "a", "set": {"domian": "x"}}, "domian"),
        ({"adapter": "gsm8k", "paths": ["a"], "sha256": "00"}, "of one file"),
    ],
)
def test_a_source_without_one_place_is_a_mistake(values: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Params(**values)


def test_mistakes_in_a_source_are_told(tmp_path: Path):
    path = str(lines(tmp_path / "a.jsonl", GSM8K))
    with pytest.raises(UserError, match=r"sha256 is [0-9a-f]{64}, expected 00"):
        make(Params(adapter="gsm8k", path=path, sha256="00"), "s")
    with pytest.raises(UserError, match="gsm8k does not generate rows"):
        make(Params(adapter="gsm8k", generator={}), "s")
    with pytest.raises(UserError, match=r"arithmetic: .*'cuont'"):
        make(Params(adapter="arithmetic", generator={"cuont": 1}), "s")


@pytest.mark.realdata
def test_deepscaler_is_read_whole_in_a_few_seconds(data: Path):
    files = sorted((data / "deepscaler").glob("*.json"))
    started = time.process_time()
    outcome = make(Params(adapter="math", paths=tuple(map(str, files))), "d")

    assert len(files) == 10
    assert outcome.metrics == {"rows_in": 40_308, "rows_out": 40_308, "dropped": {}}
    assert time.process_time() - started < 10


# Rows that the file has and that carry an answer. MATH train holds four null
# answers, SimpleRL and LIMR two empty ones, One-Shot-RLVR one.
PUBLIC = {
    "gsm8k": ("gsm8k", "gsm8k/train.jsonl", 7473, 7473),
    "math": ("math", "math_train_7500/math_train_7500.json", 7500, 7496),
    "orz": ("orz", "orz/orz_math_57k_collected.TRUNCATED.json", 1786, 1785),
    "simplerl": ("verl", "simplerl_8k/train.parquet", 8523, 8521),
    "knights": ("verl", "logic_rl_kk/3ppl.train.parquet", 900, 900),
    "countdown": ("verl", "countdown/train.parquet", 8001, 8001),
    "zebra": ("zebra", "zebra_logic/train.json", 800, 800),
    "humaneval": ("humaneval", "code_humaneval/HumanEval.jsonl.gz", 164, 164),
    "mbpp": ("mbpp", "code_mbpp/mbpp.jsonl", 974, 974),
    "lcb_test": (
        "livecodebench", "code_livecodebench/livecodebench_test.json", 879, 879,
    ),
    "lcb_train": (
        "livecodebench", "code_livecodebench/livecodebench_train.json", 580, 580,
    ),
    "deepmath": ("math", "deepmath_5k/math_deepmath_deal.jsonl", 4994, 4994),
    "omni_math": ("math", "omni_math/omni_math_num_500.jsonl", 500, 500),
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.parametrize("name", PUBLIC)
def test_public_files_are_read_to_the_last_row(data: Path, name: str):
    adapter, file, rows_in, rows_out = PUBLIC[name]
    metrics = make(Params(adapter=adapter, path=str(data / file)), name).metrics

    assert (metrics["rows_in"], metrics["rows_out"]) == (rows_in, rows_out)


@pytest.mark.realdata
def test_files_have_as_many_problems_of_each_level_as_published(data: Path):
    """SimpleRL: MATH levels 3 to 5. Logic-RL: three to seven people."""
    simplerl = pl.read_parquet(data / "simplerl_8k/train.parquet")
    people = {
        part: [
            pl.read_parquet(data / f"logic_rl_kk/{number}ppl.{part}.parquet").height
            for number in range(3, 8)
        ]
        for part in ("train", "test")
    }

    levels = simplerl["level"].value_counts().sort("level")["count"].to_list()
    assert levels == [2514, 2648, 3361]
    assert people == {"train": [900] * 5, "test": [100] * 5}


@pytest.mark.realdata
def test_conditions_part_logic_rl_by_the_number_of_people(data: Path):
    part = {"adapter": "verl", "path": str(data / "logic_rl_kk/*ppl.test.parquet")}
    outcome = make(Params(**part, where={"few": "meta.people >= 6"}), "knights")

    assert outcome.metrics["dropped"] == {"few": 300}
    assert outcome.kept["meta"].unique().sort().to_list() == [
        '{"people": 6}', '{"people": 7}',
    ]  # fmt: skip


@pytest.mark.realdata
def test_a_published_shuffle_of_real_rows_comes_out_in_its_order(data: Path):
    import datasets

    file = str(data / "countdown/train.parquet")
    published = datasets.Dataset.from_polars(pl.read_parquet(file))
    published = published.shuffle(seed=42).select(range(500))
    limit = {"rows": 500, "how": "shuffle", "seed": 42}
    keep = {"target": "target", "nums": "nums"}
    outcome = make(Params(adapter="verl", path=file, limit=limit, keep=keep), "c")

    meta = [json.loads(row) for row in outcome.kept["meta"]]
    assert [row["target"] for row in meta] == published["target"][:]
    assert [row["nums"] for row in meta] == published["nums"][:]


@pytest.mark.realdata
def test_instructions_do_not_hide_that_two_pools_share_problems(data: Path):
    one_shot = make(
        Params(
            adapter="verl",
            path="$GOLDSIEVE_DATA/one_shot_rlvr/dsr_sub.parquet",
        ),
        "one_shot",
    )
    files = sorted(map(str, (data / "deepscaler").glob("*.json")))
    deepscaler = make(Params(adapter="math", paths=tuple(files)), "d").kept
    shared = one_shot.kept["key"].is_in(deepscaler["key"].to_list()).sum()

    assert (one_shot.kept.height, one_shot.dropped.height) == (1208, 1)
    assert shared > 1190


@pytest.mark.realdata
def test_recorded_accuracies_meet_their_prompts(data: Path):
    folder = data / "one_shot_rlvr"
    accuracies = {"path": str(folder / "acc_step_500.json")}
    params = Params(
        adapter="verl",
        path=str(folder / "dsr_sub.parquet"),
        recorded={"accuracies": accuracies},
    )
    meta = make(params, "s").kept["meta"]

    lengths = {len(json.loads(row)["accuracies"]) for row in meta}
    assert lengths <= set(range(44, 58))


@pytest.mark.realdata
def test_the_published_selection_of_limr_can_be_made(data: Path):
    scores = {"path": str(data / "limr/scores.json"), "columns": ["prompt", "score"]}
    params = Params(
        adapter="math",
        path=str(data / "limr/math.8k.json"),
        recorded={"impact": scores},
    )
    meta = map(json.loads, make(params, "s").kept["meta"])

    assert sum(row.get("impact", 0) >= 0.6 for row in meta) == 1389


@pytest.mark.parametrize("workers", ["1", "2"])
def test_neither_workers_nor_batches_show_in_what_is_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: str
):
    rows = [GSM8K | {"question": f"How many are {n}?"} for n in range(20)]
    path = lines(tmp_path / "a.jsonl", *rows[:9], {"question": "?"}, *rows[9:])
    params = Params(adapter="gsm8k", path=str(path), keep={"said": "answer"})

    def collect(name: str) -> tuple[bytes, bytes]:
        outcome = make(params, "gsm8k")
        assert (outcome.kept.height, outcome.dropped.height) == (20, 1)
        for part in ("kept", "dropped"):
            tables.write(getattr(outcome, part), tmp_path / f"{name}-{part}.parquet")
        kept, dropped = sorted(tmp_path.glob(f"{name}-*"), reverse=True)
        return kept.read_bytes(), dropped.read_bytes()

    at_once = collect("at_once")
    monkeypatch.setenv("PIPELINE_WORKERS", workers)
    monkeypatch.setattr("stages.sources._adapt.BATCH", 4)
    assert collect("in_batches") == at_once
