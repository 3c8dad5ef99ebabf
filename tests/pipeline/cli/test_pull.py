"""A published set comes back, and is replayed without sampling."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import dag, recipe, tables
from pipeline.__main__ import call
from pipeline.cli.check import find_mistakes
from pipeline.cli.publish import publish
from pipeline.errors import UserError
from pipeline.published import hub as hub_module
from pipeline.published import replay
from tests.support import project as projects
from tests.support.hub import Hub

COLLECTED = ["id", "reason", "twin"]
VERDICTS = ["id", "sample", "model", "correct", "extracted", "why", "n_tokens"]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The dry run of a project whose pipeline has run."""
    old = projects.run_in(tmp_path / "old")
    with chdir(old):
        publish("me/set", dry_run=tmp_path / "set", public=False)
    return tmp_path / "set"


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another project: its stages and benchmark, and nothing else of the first."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    projects.write(folder)
    for name in ("a.jsonl", "samples.jsonl", "params.yaml"):
        (folder / name).unlink()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub(token="hf_test")
    yield server
    server.close()


def test_a_pulled_set_is_rebuilt_row_by_row_and_verdict_by_verdict(
    published: Path, fresh: Path
):
    call(["pull", str(published)])
    call(["recipe", "use", "set"])
    projects.run_stages(fresh, (stage.name for stage in projects.data_stages()))
    old = published.parent / "old"

    for file, columns in {
        "data/export/rl.parquet": ["id", "key", "answer", "license", "pass_rate"],
        "data/export/sft.parquet": ["id", "completion", "model"],
        "data/grades.parquet": VERDICTS,
        "data/dropped/collect/a.parquet": COLLECTED,
        "data/dropped/dedup_exact.parquet": COLLECTED,
        "data/dropped/decontaminate.parquet": COLLECTED,
        "data/dropped/difficulty.parquet": COLLECTED,
    }.items():
        before, after = (pl.read_parquet(each / file) for each in (old, fresh))
        assert after.select(columns).equals(before.select(columns)), file


def test_the_card_says_how_to_rebuild_the_set_and_that_works(
    hub: Hub, published: Path, fresh: Path, monkeypatch: pytest.MonkeyPatch
):
    on_hub(hub, monkeypatch, published)
    block = (published / "README.md").read_text().partition("## Rebuild")[2]
    lines = block.partition("```sh\n")[2].partition("```")[0].splitlines()
    *commands, repro = lines
    for line in commands:
        call(line.removeprefix("goldsieve ").split())
    projects.run_stages(fresh, (stage.name for stage in projects.data_stages()))

    assert repro == "dvc repro card"
    old, new = (
        pl.read_parquet(each / "data/export/rl.parquet")
        for each in (published.parent / "old", fresh)
    )
    assert new.equals(old)


def test_the_recipe_replays_what_was_recorded_and_judges_as_before(
    published: Path, fresh: Path
):
    call(["pull", str(published), "--name", "again"])
    own = recipe.read(Path("recipes/again.yaml"))

    assert own["collect"] == {
        "a": {
            "adapter": "published",
            "path": f"{published}/problems/a.parquet",
            "license": "MIT",
        }
    }
    assert own["rollouts"]["engine"] == "replay"
    assert own["model"] is False
    assert own["sft"] is own["grpo"] is False
    judging = ("quality", "dedup_exact", "pass_rate_window", "select")
    assert {name: own[name] for name in judging} == {
        name: projects.SECTIONS[name] for name in judging
    }


def test_each_pass_is_replayed_from_its_own_samples(published: Path, fresh: Path):
    file = published / "recipe.yaml"
    passes = [
        {"name": "weak", "model": "m", "samples": 3},
        {"name": "strong", "model": "n", "where": "weak.n_correct = 0"},
    ]
    sections = yaml.safe_load(file.read_text()) | {"rollouts": {"passes": passes}}
    file.write_text(yaml.safe_dump(sections))
    (samples,) = (published / "grades").iterdir()
    for name in ("weak", "strong"):
        shutil.copy(samples, samples.with_name(f"{name}-00000-of-00001.parquet"))
    call(["pull", str(published)])
    weak, strong = recipe.read(Path("recipes/set.yaml"))["rollouts"]["passes"]

    assert (weak["name"], weak["engine"], weak.get("where")) == ("weak", "replay", None)
    assert weak["replay"][0]["path"] == f"{published}/grades/weak-*.parquet"
    assert strong["where"] == "weak.n_correct = 0"


def test_rows_with_one_text_do_not_double_its_samples(published: Path, fresh: Path):
    (file,) = (published / "grades").iterdir()
    samples = pl.read_parquet(file)
    twice = pl.concat([samples, samples.with_columns(pl.col("id") + "-copy")])
    tables.write(twice, file)
    call(["pull", str(published)])
    (recording,) = recipe.read(Path("recipes/set.yaml"))["rollouts"]["replay"]

    assert pl.read_parquet(recording["path"])["completion"].equals(
        samples["completion"]
    )


def test_files_that_the_set_does_not_hold_are_named(
    published: Path, fresh: Path, capsys: pytest.CaptureFixture[str]
):
    Path("exam.jsonl").unlink()
    call(["pull", str(published)])

    absent = "not part of the set, and not here: benchmarks.sets.0.path"
    assert absent in capsys.readouterr().out


def test_an_empty_folder_becomes_a_project(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    call(["pull", str(published), "--name", "again"])
    call(["recipe", "use", "again"])

    assert find_mistakes(recipe.read(), dag.read()) == []
    # DVC finds all that a stage depends on, or a stage that makes it.
    words = [sys.executable, "-m", "dvc", "repro", "--dry", "benchmarks"]
    assert subprocess.run(words, capture_output=True).returncode == 0


def test_a_folder_in_use_does_not_become_a_project(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "letter.txt").write_text("Dear Ann")
    monkeypatch.chdir(folder)

    with pytest.raises(UserError, match=r"holds other files: letter\.txt"):
        call(["pull", str(published)])
    assert [file.name for file in folder.iterdir()] == ["letter.txt"]


def test_a_recipe_of_ones_own_is_not_lost(published: Path, fresh: Path):
    Path("recipes").mkdir()
    Path("recipes/set.yaml").write_text("extends: _rl\n")

    with pytest.raises(UserError, match="was not pulled"):
        call(["pull", str(published)])
    assert Path("recipes/set.yaml").read_text() == "extends: _rl\n"


def test_a_folder_without_a_set_says_so(fresh: Path, tmp_path: Path):
    with pytest.raises(UserError, match=r"it has no recipe\.yaml"):
        call(["pull", str(tmp_path)])


def on_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch, published: Path) -> None:
    """Put the set on the server, and let this process speak to it."""
    from huggingface_hub import constants

    for file in published.rglob("*"):
        if file.is_file():
            hub.files[str(file.relative_to(published))] = file.read_bytes()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        hub.url + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", hub.url)


def test_a_set_on_the_hub_arrives_whole(
    hub: Hub, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    on_hub(hub, monkeypatch, published)
    commit = hub_module.download("me/set", None, tmp_path / "got")

    assert commit == "0" * 40
    got = {
        str(file.relative_to(tmp_path / "got")): file.read_bytes()
        for file in (tmp_path / "got").rglob("*")
        if file.is_file() and ".cache" not in file.parts
    }
    assert got == hub.files
    assert replay.read_recipe(tmp_path / "got")["card"] == {"title": "A set"}


def test_a_download_that_was_cut_off_fetches_only_what_is_missing(
    hub: Hub, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    on_hub(hub, monkeypatch, published)
    hub.room = 4
    with pytest.raises(UserError, match="me/set"):
        hub_module.download("me/set", None, tmp_path / "got")
    first, hub.gets, hub.room, hub.open = hub.gets, [], None, True
    hub_module.download("me/set", None, tmp_path / "got")

    assert len(first) >= 4
    assert sorted(first + hub.gets) == sorted(hub.files)
