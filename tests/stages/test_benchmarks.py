import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.schema import BENCHMARK, VERDICT
from stages.benchmarks import KNOWN, Params, make


def items(path: Path, *rows: object) -> str:
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_a_known_set_can_be_read_from_a_local_file(tmp_path: Path):
    rows = {"question": "1+1?", "final_answer": ["2", "3"]}, {"question": "2+2?"}
    path = items(tmp_path / "o.jsonl", *rows)
    outcome = make(Params(sets=[{"name": "olympiadbench", "path": path}]))

    (row,) = outcome.kept.drop("key").to_dicts()
    assert row == {
        "id": "olympiadbench/00000",
        "benchmark": "olympiadbench",
        "problem": "1+1?",
        "answer": "2, 3",
        "verifier": "math",
        "verify_info": "{}",
    }
    assert outcome.metrics["dropped"] == {"source_unreadable": 1}
    assert json.loads(outcome.dropped["evidence"][0])["detail"] == (
        "final_answer: expected a list of texts, found None"
    )
    assert outcome.kept.schema == BENCHMARK
    assert outcome.dropped.schema == {**BENCHMARK, **VERDICT}


def test_answers_that_are_floats_and_boxes_are_read(tmp_path: Path):
    amc = items(tmp_path / "amc.jsonl", {"question": "a", "answer": 27.0})
    minerva = items(tmp_path / "m.jsonl", {"problem": "b", "solution": r"\boxed{1.6}"})
    sets = [{"name": "amc23", "path": amc}, {"name": "minerva", "path": minerva}]

    assert make(Params(sets=sets)).kept["answer"].to_list() == ["27", "1.6"]


def test_a_set_of_ones_own_needs_an_adapter_and_may_map_columns(tmp_path: Path):
    path = items(tmp_path / "own.jsonl", {"q": "1+1?", "gold": 2})
    columns = {"problem": "q", "answer": "gold"}
    own = {"name": "own", "path": path, "adapter": "generic", "columns": columns}

    assert make(Params(sets=[own])).kept["answer"].to_list() == ["2"]
    with pytest.raises(ValidationError, match="`adapter` is missing"):
        Params(sets=[own | {"adapter": ""}])
    with pytest.raises(ValidationError, match="two sets have the name 'own'"):
        Params(sets=[own, own])


def test_generated_items_are_disjoint_from_the_training_part():
    chains = {"adapter": "arithmetic", "generator": {"count": 50, "seed": 1}}
    heldout = chains["generator"] | {"part": "heldout"}
    sets = [{"name": "a"} | chains, {"name": "b"} | chains | {"generator": heldout}]
    rows = make(Params(sets=sets)).kept

    keys = rows.partition_by("benchmark", maintain_order=True)
    assert not set(keys[0]["key"]) & set(keys[1]["key"])


def test_known_sets_are_pinned_and_go_by_name():
    on_hub = {name: known for name, known in KNOWN.items() if "repo" in known}
    params = Params(sets=list(on_hub))
    assert [(s.name, s.repo) for s in params.sets] == [
        (name, known["repo"]) for name, known in on_hub.items()
    ]
    assert all(len(chosen.revision) == 40 for chosen in params.sets)
    with pytest.raises(ValidationError, match="livecodebench needs `path`"):
        Params(sets=["livecodebench"])


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "file", "items"),
    [
        ("aime24", "bench_math/aime24.jsonl", 30),
        ("aime25", "bench_math/aime25.jsonl", 30),
        ("amc23", "bench_math/amc23.jsonl", 40),
        ("math500", "bench_math/math500.jsonl", 500),
        ("gsm8k_test", "bench_math/gsm8k.jsonl", 1319),
        ("minerva", "bench_math/minerva_math.jsonl", 272),
        ("olympiadbench", "bench_math/olympiadbench.jsonl", 675),
        ("humaneval", "code_humaneval/HumanEval.jsonl.gz", 164),
        ("mbpp", "code_mbpp/mbpp.jsonl", 974),
        ("livecodebench", "code_livecodebench/livecodebench_test.json", 879),
    ],
)
def test_every_known_set_reads_its_published_file(
    name: str, file: str, items: int, data: Path
):
    outcome = make(Params(sets=[{"name": name, "path": str(data / file)}]))

    assert outcome.kept.height == items
    assert outcome.dropped.is_empty()
    verifier = "math" if file.startswith("bench_math") else "code"
    assert outcome.kept["verifier"].unique().to_list() == [verifier]


def test_the_hub_out_of_reach_is_the_users_to_solve():
    with pytest.raises(UserError, match="openai/gsm8k@740312a") as error:
        make(Params(sets=["gsm8k_test"]))
    assert "local files" in error.value.hint


def test_an_unknown_set_is_a_mistake():
    with pytest.raises(ValidationError, match="no benchmark of this name is known"):
        Params(sets=["aime99"])


ROWS = {
    "aime24": ("aime24", 30),
    "aime25": ("aime25", 30),
    "amc23": ("amc23", 40),
    "math500": ("math500", 500),
    "gsm8k_test": ("gsm8k", 1319),
    "minerva": ("minerva_math", 272),
    "olympiadbench": ("olympiadbench", 675),
}


@pytest.mark.realdata
def test_the_seven_sets_are_read_whole(data: Path):
    sets = [
        {"name": name, "path": f"$GOLDSIEVE_DATA/bench_math/{file}.jsonl"}
        for name, (file, _) in ROWS.items()
    ]
    outcome = make(Params(sets=sets))

    counts = outcome.kept["benchmark"].value_counts().iter_rows()
    assert dict(counts) == {name: rows for name, (_, rows) in ROWS.items()}
    assert outcome.metrics == {"rows_in": 2866, "rows_out": 2866, "dropped": {}}
    assert outcome.kept["answer"].null_count() == 0
