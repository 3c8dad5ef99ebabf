"""The repository that is published: every config loads, and the upload arrives."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import polars as pl
import pytest
import yaml

from pipeline import tables
from pipeline.cli.publish import publish
from pipeline.errors import UserError
from pipeline.published import configs, folder
from tests.support.hub import Hub
from tests.support.project import run_in

HERE = Path.cwd()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose pipeline has run: six lines in, two problems out."""
    monkeypatch.chdir(tmp_path)
    return run_in(tmp_path)


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub(token="hf_test")
    yield server
    server.close()


def names(folder: Path) -> list[str]:
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    return [config["config_name"] for config in head["configs"]]


def read(out: Path, config: str) -> pl.DataFrame:
    return pl.read_parquet(out / config / "*.parquet")


def test_every_config_of_the_repository_loads(project: Path):
    publish("me/set", dry_run=project / "out", public=False)

    rows = {
        name: datasets.load_dataset(
            str(project / "out"), name, split="train", cache_dir=str(project / "cache")
        ).num_rows
        for name in names(project / "out")
    }
    assert rows == {
        "rl": 2, "sft": 2, "verl": 2, "kept": 2, "dropped": 4, "grades": 12,
        "traces": 4, "benchmarks_report": 1,
    }  # fmt: skip


def test_what_was_collected_is_kept_or_dropped_in_the_order_of_the_stages(
    project: Path,
):
    publish("me/set", dry_run=project / "out", public=False)
    dropped = read(project / "out", "dropped")

    assert dropped.select("id", "stage", "reason", "pass_rate").rows() == [
        ("a/00005", "collect", "source_unreadable", None),
        ("a/00001", "dedup_exact", "exact_duplicate", None),
        ("a/00002", "decontaminate", "contaminated", None),
        ("a/00003", "difficulty", "too_easy", 1.0),
    ]
    assert read(project / "out", "rl")["id"].to_list() == ["a/00000", "a/00004"]


def test_a_verdict_stands_beside_the_completion_that_it_is_of(project: Path):
    publish("me/set", dry_run=project / "out", public=False)
    grades = read(project / "out", "grades")

    read_again = ["id", "problem", "answer", "completion", "extracted", "correct"]
    assert grades.filter(id="a/00004").select(read_again).rows() == [
        ("a/00004", "3+3?", "6", "it is 6", "6", True),
        ("a/00004", "3+3?", "6", "it is 6", "6", True),
        ("a/00004", "3+3?", "6", "it is 0", "0", False),
        ("a/00004", "3+3?", "6", "it is 0", "0", False),
    ]


def test_each_pass_has_files_of_its_own(project: Path):
    grades = pl.read_parquet("data/grades.parquet")
    rollouts = pl.read_parquet("data/rollouts/00000.parquet")
    for table, file in ((grades, "grades"), (rollouts, "rollouts/00000")):
        weak = pl.col("sample") < 3
        name = pl.when(weak).then(pl.lit("weak")).otherwise(pl.lit("strong"))
        tables.write(
            table.with_columns(name.alias("pass")), Path(f"data/{file}.parquet")
        )
    publish("me/set", dry_run=project / "out", public=False)

    rows = {
        file.name: pl.read_parquet(file).height
        for file in sorted((project / "out/grades").iterdir())
    }
    assert rows == {
        "strong-00000-of-00001.parquet": 3, "weak-00000-of-00001.parquet": 9,
    }  # fmt: skip


def test_verdicts_on_other_completions_are_not_published(project: Path):
    grades = pl.read_parquet("data/grades.parquet")
    tables.write(grades.reverse(), Path("data/grades.parquet"))

    with pytest.raises(UserError, match="is of other rollouts"):
        publish("me/set", dry_run=project / "out", public=False)


def test_a_large_table_is_written_in_several_files(tmp_path: Path):
    pieces = [pl.DataFrame({"n": [number] * 1000}) for number in range(6)]
    rows = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "GROUP_BYTES", 8_000)  # a piece
        patch.setattr(folder, "FILE_BYTES", 20_000)  # no more than three
        config = configs.Config("rl", pieces[0].schema, pieces)
        rows = folder.write_config(config, tmp_path / "rl")

    files = sorted((tmp_path / "rl").iterdir())
    assert rows == 6000
    assert [file.name for file in files] == [
        "train-00000-of-00002.parquet", "train-00001-of-00002.parquet",
    ]  # fmt: skip
    assert pl.read_parquet(files).equals(pl.concat(pieces))


def test_no_text_of_a_benchmark_item_is_in_the_report(project: Path):
    items = pl.DataFrame(
        {
            "method": ["coverage"], "benchmark": ["exam"], "item": ["exam/00007"],
            "reason": ["too_short"], "item_text": ["Secret?"], "item_answer": ["9"],
        }
    )  # fmt: skip
    tables.write(items, Path("data/decontaminate/undetectable.parquet"))
    publish("me/set", dry_run=project / "out", public=False)
    report = read(project / "out", "benchmarks_report")

    assert report["undetectable"].to_list() == [
        [{"item": "exam/00007", "method": "coverage", "reason": "too_short"}]
    ]
    assert "Secret?" not in str(report.to_dicts())


def test_a_config_without_rows_is_left_out_of_head_and_example(project: Path):
    grades = pl.read_parquet("data/grades.parquet")
    tables.write(grades.clear(), Path("data/grades.parquet"))
    publish("me/set", dry_run=project / "out", public=False)
    card = (project / "out/README.md").read_text()

    assert "grades" not in names(project / "out")
    assert not (project / "out/grades").exists()
    assert 'load_dataset("me/set", "rl", split="train")' in card
    assert 'load_dataset("me/set", "grades"' not in card


def test_every_picture_of_the_card_is_there_and_no_other(project: Path):
    Path("data_cards/plots/of_an_older_card.svg").write_text("<svg/>")
    publish("me/set", dry_run=project / "out", public=False)
    card = (project / "out/README.md").read_text()

    pictures = sorted(file.name for file in (project / "out/plots").iterdir())
    assert pictures == sorted(folder.PICTURE.findall(card))
    assert "funnel.svg" in pictures


def test_the_recipe_goes_along_without_the_folders_of_this_machine(project: Path):
    recipe = yaml.safe_load(Path("params.yaml").read_text())
    here = {"adapter": "generic", "path": "/home/me/secret/b.jsonl"}
    recipe["collect"]["b"] = here
    Path("params.yaml").write_text(yaml.safe_dump(recipe))
    publish("me/set", dry_run=project / "out", public=False)
    published = yaml.safe_load((project / "out/recipe.yaml").read_text())

    assert published == recipe | {
        "collect": recipe["collect"] | {"b": here | {"path": "b.jsonl"}}
    }


def test_twice_gives_the_same_bytes(project: Path):
    for out in ("one", "two"):
        publish("me/set", dry_run=project / out, public=False)

    assert contents(project / "one") == contents(project / "two")


def test_a_folder_with_other_files_is_left_alone(project: Path):
    (project / "out").mkdir()
    (project / "out/thesis.tex").write_text("years of work")

    with pytest.raises(UserError, match="holds other files than a published set"):
        publish("me/set", dry_run=project / "out", public=False)
    assert (project / "out/thesis.tex").read_text() == "years of work"


def test_without_a_card_it_says_what_to_run(project: Path):
    Path("data_cards/README.md").unlink()

    with pytest.raises(UserError, match="does not exist") as error:
        publish("me/set", dry_run=project / "out", public=False)
    assert error.value.hint == "dvc repro card"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def upload(
    project: Path,
    hub: Hub,
    *options: str,
    token: str = "hf_test",
    repo: str = "me/set",
    **variables: str,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "publish", repo, *options],
        cwd=project,
        env=os.environ
        | {
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": token,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(project / "hf"),
            "PYTHONPATH": str(HERE),
        }
        | variables,
        capture_output=True,
        text=True,
    )


def test_the_upload_arrives_whole_and_private(project: Path, hub: Hub):
    done = upload(project, hub)
    folder.write("me/set", project / "out")

    assert done.returncode == 0, done.stderr
    arrived = {n: data for n, data in hub.files.items() if n != ".gitattributes"}
    assert arrived == contents(project / "out")
    assert hub.created["visibility"] == "private"
    assert hub.created["type"] == "dataset"
    assert len(hub.commits) == 1


def test_public_is_asked_for_by_name(project: Path, hub: Hub):
    assert upload(project, hub, "--public").returncode == 0
    assert hub.created["visibility"] == "public"


def test_a_second_upload_removes_what_is_gone(project: Path, hub: Hub):
    upload(project, hub)
    tables.write(pl.read_parquet("data/export/sft.parquet").head(0),
                 Path("data/export/sft.parquet"))  # fmt: skip
    done = upload(project, hub)

    assert done.returncode == 0, done.stderr
    assert not [name for name in hub.files if name.startswith("sft/")]
    assert "rl/train-00000-of-00001.parquet" in hub.files


def test_an_upload_that_was_cut_off_sends_only_what_is_missing(project: Path, hub: Hub):
    hub.room = 3
    cut_off = upload(project, hub)
    sent = set(hub.objects)
    hub.room, hub.puts = None, []
    done = upload(project, hub)

    assert cut_off.returncode == 2
    assert "Traceback" not in cut_off.stderr
    assert len(sent) == 3
    assert done.returncode == 0, done.stderr
    assert len(hub.commits) == 1
    assert len(hub.puts) == len(set(hub.objects)) - 3
    assert sent.isdisjoint(hub.puts)


def test_a_refused_token_is_told_without_a_traceback(project: Path, hub: Hub):
    done = upload(project, hub, token="hf_wrong")

    assert done.returncode == 2
    assert "error: the Hub refused me/set" in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.files == {}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"HF_HUB_OFFLINE": "1"}, "error: me/set: the Hub is switched off here"),
        ({"HF_ENDPOINT": "http://127.0.0.1:9"}, "error: me/set: the Hub cannot be"),
        ({"repo": "no/such/name"}, "error: no/such/name: "),
    ],
    ids=["switched off", "no network", "no name"],
)
def test_where_there_is_no_hub_it_says_so(
    project: Path, hub: Hub, wrong: dict[str, str], message: str
):
    done = upload(project, hub, **wrong)

    assert done.returncode == 2
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
