"""Several models in turn: who is asked what, and that no sample is drawn twice."""

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.models import describe, resolve
from stages.rollouts import Params, make
from tests.support.judge_server import Server, prompt, serving
from tests.support.rows import problems
from tests.support.tiny import tiny_model

# How many of its first samples each model has right, by problem; the others box 0.
RIGHT = {
    "weak": {"easy": 4, "middling": 0, "hard": 0},
    "strong": {"easy": 32, "middling": 2, "hard": 0},
    "teacher": {"easy": 1, "middling": 1, "hard": 1},
}
LIMO: list[dict[str, Any]] = [
    {"name": "weak", "model": "weak", "samples": 4},
    {"name": "strong", "model": "strong", "samples": 8, "where": "weak.n_correct = 0"},
    {
        "name": "teacher",
        "model": "teacher",
        "samples": 1,
        "where": "strong.n_correct between 1 and 3",
    },
]


class Models:
    """Models behind a server, each right as often as RIGHT says."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], int] = {}

    def __call__(self, body: dict[str, Any]) -> str:
        which = body["model"], prompt(body)
        number = self.asked.get(which, 0)
        self.asked[which] = number + 1
        return rf"\boxed{{{42 if number < RIGHT[which[0]][which[1]] else 0}}}"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "machine.yaml").write_text("{}")
    monkeypatch.setenv("GOLDSIEVE_MACHINE", str(tmp_path / "machine.yaml"))
    describe(tmp_path / "base", kind="off")
    return tmp_path / "cache"


@pytest.fixture
def server(tmp_path: Path):
    with serving(Models()) as server:
        # One request at a time: the scripted models count them.
        engine = {"urls": [server.url], "concurrency": 1, "attempts": 1}
        (tmp_path / "machine.yaml").write_text(yaml.safe_dump({"engine": engine}))
        yield server


def sample(
    tmp_path: Path, passes: list[dict[str, Any]], rows: pl.DataFrame | None = None, **of
) -> pl.DataFrame:
    params = Params(**{"engine": "server", "passes": passes} | of)
    rows = problems("easy", "middling", "hard") if rows is None else rows
    return pl.concat(make(params, rows, tmp_path / "base"))


def counts(samples: pl.DataFrame) -> list[tuple[str, str, str, int]]:
    groups = samples.group_by("id", "pass", "model", maintain_order=True)
    return groups.agg(pl.len()).rows()


def test_each_model_is_asked_where_the_last_left_something_open(
    server: Server, tmp_path: Path
):
    samples = sample(tmp_path, LIMO)

    assert counts(samples) == [
        ("test/00000", "weak", "weak", 4),
        ("test/00001", "weak", "weak", 4),
        ("test/00001", "strong", "strong", 8),
        ("test/00001", "teacher", "teacher", 1),
        ("test/00002", "weak", "weak", 4),
        ("test/00002", "strong", "strong", 8),
    ]
    assert len(server.requests) == samples.height == 29


def test_a_second_run_asks_nothing_and_gives_the_same_samples(
    server: Server, tmp_path: Path
):
    first = sample(tmp_path, LIMO)
    asked = len(server.requests)

    assert sample(tmp_path, LIMO).equals(first)
    assert len(server.requests) == asked


def test_a_run_that_broke_off_in_the_second_pass_goes_on_there(
    server: Server, tmp_path: Path
):
    models = server.answer
    undisturbed = {"weak": 12, "strong": 16, "teacher": 1}

    def break_off(body: dict[str, Any]) -> str:
        if body["model"] == "strong" and models.asked.get(("strong", "hard"), 0) == 5:
            server.script = []
            raise ConnectionError
        return models(body)

    server.answer = break_off
    with pytest.raises(UserError, match=r"had no answer|cannot be reached"):
        sample(tmp_path, LIMO)
    server.answer = models
    samples = sample(tmp_path, LIMO)

    assert dict(samples.group_by("model").len().iter_rows()) == undisturbed
    asked = dict.fromkeys(undisturbed, 0)
    for (model, _), number in models.asked.items():
        asked[model] += number
    assert asked == undisturbed, "what was answered was not asked again"


def test_passes_of_one_model_are_numbered_on(server: Server, tmp_path: Path):
    passes = [
        {"name": "scout", "model": "strong", "samples": 2},
        {
            "name": "rest",
            "model": "strong",
            "samples": 3,
            "where": "scout.pass_rate < 1",
        },
        {"name": "hot", "model": "strong", "samples": 1, "temperature": 1.2},
    ]
    samples = sample(tmp_path, passes, problems("easy", "hard"))

    assert samples.select("id", "pass", "sample").rows() == [
        ("test/00000", "scout", 0),
        ("test/00000", "scout", 1),
        ("test/00000", "hot", 5),
        ("test/00001", "scout", 0),
        ("test/00001", "scout", 1),
        ("test/00001", "rest", 2),
        ("test/00001", "rest", 3),
        ("test/00001", "rest", 4),
        ("test/00001", "hot", 5),
    ]
    assert samples["seed"].is_unique().all(), "no pass draws another's samples"


def recorded(file: Path, **answers: list[int | None]) -> dict[str, Any]:
    """A pass that replays boxed answers, by problem; None is a prompt without room."""
    lines = [
        {
            "problem": name,
            "completion": [rf"\boxed{{{number}}}" for number in each],
            "end": ["prompt_too_long" if n is None else "stop" for n in each],
        }
        for name, each in answers.items()
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    recording = {"path": str(file), "model": file.stem, "finish_reason": ["end"]}
    return {"name": file.stem, "engine": "replay", "replay": [recording]}


def test_what_is_recorded_need_not_be_sampled(server: Server, tmp_path: Path):
    passes = [
        recorded(tmp_path / "strong.jsonl", easy=[42, 0], hard=[0]),
        {"name": "fresh", "model": "strong", "samples": 2}
        | {"where": "strong.n_samples < 2"},
    ]
    samples = sample(tmp_path, passes)

    assert samples.select("id", "pass", "sample", "model").rows() == [
        ("test/00000", "strong", 0, "strong"),
        ("test/00000", "strong", 1, "strong"),
        ("test/00001", "fresh", 2, "strong"),
        ("test/00001", "fresh", 3, "strong"),
        ("test/00002", "strong", 0, "strong"),
        ("test/00002", "fresh", 2, "strong"),
        ("test/00002", "fresh", 3, "strong"),
    ]


@pytest.mark.parametrize(
    ("where", "taken"),
    [
        ("a.n_correct = 1", ["one"]),
        ("a.pass_rate = 0.5", ["one"]),
        ("a.n_correct = 0", ["none", "silent"]),
        ("a.pass_rate = 0", ["none"]),
        ("a.pass_rate is null", ["silent", "never"]),
        ("a.n_samples = 0", ["never"]),
        ("a.n_undecided > 0", ["silent"]),
        ("A.n_correct > 0 and problem <> 'one'", ["both"]),
        ("problem in ('one', 'never')", ["one", "never"]),
        ("a.n_correct > 5", []),
    ],
)
def test_where_sees_the_problem_and_the_verdicts_before(
    where: str, taken: list[str], tmp_path: Path
):
    names = "both", "one", "none", "silent", "never"
    answers = {"both": [42, 42], "one": [42, 0], "none": [0, 0], "silent": [None]}
    answers = {"both": [42, 42], "one": [42, 0], "none": [0, 0], "silent": [None]}
    first = recorded(tmp_path / "a.jsonl", **answers)
    second = recorded(tmp_path / "b.jsonl", **{name: [1] for name in names})
    rows = problems(*names)
    samples = sample(tmp_path, [first, second | {"where": where}], rows)

    ids = samples.filter(pl.col("pass") == "b")["id"].to_list()
    assert [names[int(id[-1])] for id in ids] == taken


@pytest.mark.parametrize(
    ("last", "message"),
    [
        ({"where": "weak.n_right = 0"}, "passes.1.where: .*n_right"),
        ({"where": "last.n_correct = 0"}, "passes.1.where: .*no column 'last'"),
        ({"where": "weak.n_correct"}, "passes.1.where: .*neither true nor false"),
        ({"engine": "vllm"}, "passes.1.model: teacher is at no commit"),
    ],
)
def test_mistakes_in_a_later_pass_are_found_before_anything_is_sampled(
    last: dict[str, Any], message: str, server: Server, tmp_path: Path
):
    passes = [LIMO[0], {"name": "last", "model": "teacher", **last}]
    with pytest.raises(UserError, match=message):
        sample(tmp_path, passes)
    assert server.requests == []


def test_a_pass_has_the_settings_of_rollouts_but_for_its_own():
    prompt = {"suffix": "Think.", "sampling": {"top_k": 5}}
    own = {"samples": 4, "server": {"model": "w"}, "prompt": {"suffix": "Be quick."}}
    params = Params(
        engine="server",
        samples=16,
        temperature=0.6,
        server={"extra": {"a": 1}},
        prompt=prompt,
        passes=[{"name": "weak", **own}, {"name": "strong"}],
    )
    weak, strong = params.in_turn

    assert (weak.samples, strong.samples) == (4, 16)
    assert (weak.temperature, strong.temperature) == (0.6, 0.6)
    assert weak.server == {"extra": {"a": 1}, "model": "w"}
    assert weak.prompt.model_dump(exclude_defaults=True) == {
        "suffix": "Be quick.",
        "sampling": {"top_k": 5},
    }
    assert strong.prompt == params.prompt


def test_another_engine_does_not_take_over_recordings(tmp_path: Path):
    common = recorded(tmp_path / "all.jsonl", easy=[1])
    passes = [{"name": "old"}, {"name": "new", "engine": "server", "model": "m"}]
    params = Params(engine="replay", replay=common["replay"], passes=passes)

    assert [len(each.replay) for each in params.in_turn] == [1, 0]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"passes": [{"name": "a"}, {"name": "a"}]}, "need names of their own"),
        ({"passes": [{"name": "A b"}]}, "should match pattern"),
        ({"passes": [{"name": "a", "model": {}}]}, "named by `repo` or by `path`"),
        ({"passes": [{"name": "a"}], "adaptive": {}}, "`adaptive` belongs to a pass"),
        ({"passes": [{"name": "a", "adaptive": {}}]}, "`pass_rate_window`"),
        ({"passes": [{"name": "a", "engine": "replay"}]}, "go together"),
        ({"passes": [{"name": "a", "sample": 3}]}, "Extra inputs"),
    ],
)
def test_mistakes_in_passes_are_found_before_any_work(wrong: dict, message: str):
    with pytest.raises(ValidationError, match=message):
        Params(**wrong)


def test_a_model_to_be_loaded_here_must_be_pinned(tmp_path: Path):
    passes = [{"name": "weak", "model": "Qwen/Qwen2.5-7B", "engine": "transformers"}]

    with pytest.raises(UserError, match=r"passes.0.model: Qwen/Qwen2.5-7B is at no"):
        sample(tmp_path, passes)


def test_models_that_are_loaded_here_come_in_turn(tmp_path: Path):
    first = tiny_model()
    second = {"path": str(shutil.copytree(first, tmp_path / "second"))}
    passes = [
        {"name": "base", "samples": 2},
        {"name": "other", "samples": 1, "model": second, "where": "base.n_samples = 2"},
    ]
    params = Params(passes=passes, max_tokens=8)
    samples = pl.concat(make(params, problems("Compute 3+5."), first))
    title = resolve(first).title

    assert samples.select("pass", "model", "sample").rows() == [
        ("base", title, 0),
        ("base", title, 1),
        ("other", title.replace(resolve(first).name, "second"), 0),
    ]


def test_a_pass_is_not_called_like_a_column(tmp_path: Path):
    with pytest.raises(UserError, match="a pass is called 'source'"):
        sample(tmp_path, [{"name": "source", "model": "weak"}])


def test_servers_are_found_by_the_name_of_the_model(server: Server, tmp_path: Path):
    urls = {"weak": [server.url]}
    engine = {"urls": urls, "concurrency": 1, "attempts": 1}
    (tmp_path / "machine.yaml").write_text(yaml.safe_dump({"engine": engine}))

    assert sample(tmp_path, LIMO[:1]).height == 12
    with pytest.raises(UserError, match="no `urls` of strong"):
        sample(tmp_path, [LIMO[1] | {"where": ""}])


def test_a_pass_may_be_adaptive(server: Server, tmp_path: Path):
    adaptive = {"first": 2, "most": 6, "budget": 4, "least_round": 1}
    passes = [LIMO[0] | {"samples": 1}, {"name": "more", "model": "weak"}]
    passes[1]["adaptive"] = adaptive
    window = {"lo": 0.1, "hi": 0.9}
    samples = sample(tmp_path, passes, pass_rate_window=window)
    numbers = samples.filter(pl.col("pass") == "more").group_by("id").agg("sample")

    for numbered in numbers["sample"]:
        assert numbered.to_list() == list(range(1, 1 + len(numbered)))
        assert 2 <= len(numbered) <= 6
    assert samples.select("id", "sample").is_unique().all()
