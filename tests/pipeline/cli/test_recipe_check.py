"""`goldsieve recipe check`: every recipe runs, and one that does nothing is caught."""

import json
import shutil
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline import recipes
from pipeline.cli.recipe_check import check, findings, fixtures
from pipeline.cli.recipe_check.scripted import Problem, Script, rate
from pipeline.errors import UserError

HERE = Path(__file__).parents[3]
BASE = yaml.safe_load((HERE / "recipes/_rl.yaml").read_text())
SUMS = [
    {"question": f"What is {i} plus {i * i}?", "answer": str(i + i * i)}
    for i in range(1, 13)
]
SOURCES = {
    "sums": {
        "adapter": "generic",
        "repo": "a/sums",
        "revision": None,
        "columns": {"problem": "question"},
    }
}


@pytest.fixture(scope="module")
def bench() -> Iterator[check.Bench]:
    with chdir(HERE), check.open_bench() as opened:
        yield opened


def named() -> list[str]:
    with chdir(HERE):
        return recipes.names()


@pytest.mark.parametrize("name", named())
def test_every_recipe_does_what_it_says(
    name: str, bench: check.Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(HERE)
    report = check.check_recipe(name, bench)

    assert report.mistakes == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one source, of which there are twelve sums and a copy."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "dvc.yaml", tmp_path)
    (tmp_path / "data_cards").mkdir()
    for name in ("template.md", "limitations.md"):
        shutil.copy(HERE / "data_cards" / name, tmp_path / "data_cards")
    write("_base", BASE)
    write("_sources", SOURCES)
    fixtures.FOLDER.mkdir()
    lines = [*SUMS, SUMS[0]]
    (fixtures.FOLDER / "sums.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return tmp_path


def write(name: str, sections: dict[str, Any]) -> None:
    Path("recipes").mkdir(exist_ok=True)
    Path(f"recipes/{name}.yaml").write_text(yaml.safe_dump(sections))


def checked(bench: check.Bench, **sections: Any) -> check.Report:
    write("one", {"extends": "_base", "collect": {"sums": {}}, **sections})
    return check.check_recipe("one", bench)


def test_rows_are_counted_stage_by_stage(bench: check.Bench, project: Path):
    report = checked(bench, dedup_exact={})

    assert report.mistakes == []
    counted = report.counts["dedup_exact"]
    assert (counted.came, counted.kept) == (13, 12)
    assert counted.reasons == {"exact_duplicate": 1}
    assert list(check.describe(report))[1].split() == [
        "dedup_exact", "13", "→", "12", "exact_duplicate", "1",
    ]  # fmt: skip


def test_an_operator_that_does_nothing_is_a_failure(bench: check.Bench, project: Path):
    report = checked(bench, dedup_exact={}, quality={"drop": ["link"]})

    assert report.mistakes == ["quality did nothing"]


def test_a_recipe_may_say_which_operators_count(bench: check.Bench, project: Path):
    about = {"operators": ["dedup_exact", "grpo"]}
    report = checked(bench, dedup_exact={}, quality={"drop": ["link"]}, about=about)

    assert report.mistakes == ["grpo did nothing"]


def test_a_number_from_nowhere_is_a_failure(bench: check.Bench, project: Path):
    (mistake,) = checked(bench, quality={"max_chars": 10}).mistakes

    assert mistake.startswith("quality.max_chars: 10 comes from nowhere")


def test_an_error_of_a_stage_is_a_failure(bench: check.Bench, project: Path):
    (mistake,) = checked(bench, quality={"drop": ["lnk"]}).mistakes

    assert mistake.startswith("quality: params.yaml:")


def test_a_wrong_setting_of_a_trainer_is_a_failure(bench: check.Bench, project: Path):
    (mistake,) = checked(bench, grpo={"algorithm": "gppo"}).mistakes

    assert "grpo.algorithm" in mistake


def test_a_source_without_a_fixture_is_a_failure(bench: check.Bench, project: Path):
    (fixtures.FOLDER / "sums.jsonl").unlink()

    assert checked(bench).mistakes == [
        "collect.sums: there is no recipes/fixtures/sums.jsonl"
    ]


def test_other_files_take_the_place_of_fixtures(
    bench: check.Bench, project: Path, capsys: pytest.CaptureFixture[str]
):
    write("one", {"extends": "_base", "collect": {"sums": {}}})
    (project / "real").mkdir()
    (project / "real/sums.json").write_text(json.dumps(SUMS[:5]))
    check.check(["one"], data=project / "real")
    report = check.check_recipe("one", bench, {"sums": project / "real/sums.json"})

    assert report.counts["pool"].kept == 5
    assert capsys.readouterr().out.startswith("ok    one")
    until = check.check_recipe("one", bench, until="pool")
    assert list(until.counts) == ["collect", "benchmarks", "pool"]


def test_what_is_sampled_is_solved_always_never_or_at_times(
    bench: check.Bench, project: Path
):
    report = checked(
        bench,
        model={"kind": "hub", "repo": "org/Seven-7B", "revision": None},
        rollouts={"engine": "vllm", "vllm": {"max_model_len": 99}},
        difficulty={},
        pass_rate_window={"lo_open": True, "hi": 0.9},
        verify={"keep_wrong": True},
        select={},
        about={"unpublished": {"pass_rate_window": "ours"}},
    )

    reasons = report.counts["difficulty"].reasons
    assert reasons.keys() == {"too_easy", "too_hard"}
    assert report.counts["difficulty"].kept > 0


def test_a_model_is_better_the_larger_it_is():
    problems = [Problem(str(i), "1", "") for i in range(100)]

    def mean(model: str) -> float:
        return sum(rate(model, problem) for problem in problems) / 100

    assert mean("org/A-1.5B") < mean("org/A-7B-Instruct") < mean("org/A-70b")
    rates = [rate("org/A-7B", problem) for problem in problems]
    assert min(rates) == 0.0
    assert max(rates) == 1.0
    assert 20 < sum(0 < each < 1 for each in rates) < 80


def test_a_question_is_answered_with_values_of_its_schema():
    schema = {
        "type": "object",
        "properties": {
            "valid": {"type": "boolean"},
            "level": {"type": "integer", "minimum": 1, "maximum": 9},
            "topic": {"enum": ["a", "b"]},
            "problem": {"type": "string"},
        },
    }
    shown = block("PROBLEM", "1+1?")
    answers = [answer(shown, schema, seed) for seed in range(40)]

    assert answers[0].keys() == schema["properties"].keys()
    assert {answer["valid"] for answer in answers} == {True, False}
    assert {answer["level"] for answer in answers} <= set(range(1, 10))
    assert {answer["topic"] for answer in answers} == {"a", "b"}
    assert {answer["problem"] for answer in answers} == {"1+1? Give the result."}


def answer(prompt: str, schema: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    messages = [{"role": "user", "content": prompt}]
    body = {"model": "m", "messages": messages, "response_format": form, "seed": seed}
    values: dict[str, Any] = json.loads(Script().reply(body)[0])
    return values


def block(name: str, text: str) -> str:
    return f"<<{name} t>>\n{text}\n<<END {name} t>>"


def test_what_judges_compares_what_it_is_shown():
    schema = {"properties": {"verdict": {"enum": ["correct", "incorrect"]}}}

    def verdict(response: str) -> str:
        prompt = f"{block('REFERENCE', '7')}\n\n{block('RESPONSE', response)}"
        return answer(prompt, schema)["verdict"]

    assert verdict("It is 7.") == "correct"
    assert verdict("It is 8.") == "incorrect"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({"id": ["a"], "problem": ["1+1?"]}, False),
        ({"id": ["a"], "problem": ["2+2?"]}, True),
        ({"id": ["a"], "problem": ["1+1?"], "n": [1], "kind": ["x"]}, False),
        ({"id": ["a"], "problem": ["1+1?"], "suspect": [True]}, True),
        ({"id": ["a"], "problem": ["1+1?"], "suspect": [False]}, False),
        ({"id": ["a"], "problem": ["1+1?"], "flags": [[]]}, False),
        ({"id": ["a", "b"], "problem": ["1+1?", "?"], "flags": [["x"], []]}, True),
    ],
)
def test_what_counts_as_a_touch(kept: dict[str, Any], expected: bool):
    before = pl.DataFrame({"id": ["a", "b"], "problem": ["1+1?", "?"]})

    assert findings._is_touched(before, pl.DataFrame(kept)) is expected


def test_rows_that_nobody_accounts_for_are_named():
    lost = findings.Count(10, 6, {"link": 3}, touches=True)
    grown = findings.Count(10, 9, {"link": 3}, touches=True)

    assert list(findings.find_unaccounted("x", lost, may_grow=True)) == [
        "x: 10 rows came, 6 were kept and 3 dropped"
    ]
    assert list(findings.find_unaccounted("x", grown, may_grow=True)) == []
    assert len(list(findings.find_unaccounted("x", grown, may_grow=False))) == 1


def test_what_a_second_run_leaves_otherwise_is_named():
    before = {"a": "1", "b": "2", "c": "3"}
    again = {"a": "1", "b": "x", "d": "4"}

    assert list(findings.find_other_bytes(before, again)) == [
        f"{file}: a second run leaves other bytes" for file in ("b", "c", "d")
    ]


def test_models_encoders_and_generators_are_replaced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(HERE)
    sections = BASE | {
        "collect": {"chains": {"adapter": "arithmetic", "generator": {"count": 1800}}},
        "pool": {"order": ["chains"]},
        "benchmarks": {"sets": ["aime24"]},
        "dedup_embedding": {"model": "BAAI/bge-m3", "revision": "1" * 40},
        "decontaminate": {"methods": ["coverage", "embedding"]},
        "grades": {"judge": {"votes": 3}, "judge_when": "rejected"},
        "hygiene": {"tokenizer": {"repo": "org/T", "revision": None}},
    }
    placed = fixtures.replace_data(sections, {})
    placed = fixtures.replace_models(placed, "http://here/v1")

    assert placed["collect"]["chains"]["generator"] == {"count": 30}
    assert [each["name"] for each in placed["benchmarks"]["sets"]] == ["aime24"]
    assert placed["dedup_embedding"]["encoder"] == "packaged"
    assert placed["decontaminate"]["methods"] == [
        "coverage", {"method": "embedding", "encoder": "packaged"},
    ]  # fmt: skip
    assert placed["grades"]["judge"]["endpoint"] == {"url": "http://here/v1"}
    assert placed["hygiene"]["tokenizer"]["repo"] == "packaged"
    assert sections["decontaminate"]["methods"][1] == "embedding"


def test_a_recipe_that_fails_makes_the_command_fail(project: Path):
    write("one", {"extends": "_base", "collect": {"sums": {}}, "quality": {}})

    with pytest.raises(UserError, match="1 recipe fails: one"):
        check.check([])
