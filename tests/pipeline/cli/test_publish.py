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
from pipeline.cli import publish
from pipeline.errors import UserError
from pipeline.schema import GRADE, PROBLEM, VERDICT
from tests.support.hub import Hub
from tests.support.rows import problems

HERE = Path.cwd()
HEAD = {
    "pretty_name": "A set",
    "license": "mit",
    "configs": [
        {"config_name": name, "data_files": f"{name}/*.parquet"}
        for name in ("rl", "sft", "dropped", "grades")
    ],
}
CARD = f"""---
{yaml.safe_dump(HEAD)}---

# A set

```python
rl = load_dataset("your-org/your-dataset", "rl")
grades = load_dataset("your-org/your-dataset", "grades")
```

![Rows kept](plots/funnel.svg)
![Which source holds whose problems](plots/lineage.svg)
"""
PICTURES = ["funnel.svg", "lineage.svg"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose pipeline has run: two problems out, one dropped."""
    monkeypatch.chdir(tmp_path)
    prompt = [[{"role": "user", "content": "1+1?"}]] * 2
    rl = pl.DataFrame({"prompt": prompt, "id": ["a/0", "a/1"], "answer": ["2", "3"]})
    tables.write(rl, Path("data/export/rl.parquet"))
    completion = [[{"role": "assistant", "content": "2"}]]
    sft = pl.DataFrame({"prompt": prompt[:1], "completion": completion, "id": ["a/0"]})
    tables.write(sft, Path("data/export/sft.parquet"))
    dropped = problems("2+2?").with_columns(
        reason=pl.lit("too_easy"),
        twin=pl.lit(None, pl.String),
        score=pl.lit(1.0, pl.Float32),
        evidence=pl.lit(None, pl.String),
        pass_rate=pl.lit(1.0),
    )
    tables.write(dropped, Path("data/dropped/difficulty.parquet"))
    unread = pl.Schema({**PROBLEM, **VERDICT}).to_frame()
    tables.write(unread, Path("data/dropped/collect/a.parquet"))
    tables.write(GRADE.to_frame(), Path("data/grades.parquet"))
    Path("data_cards/plots").mkdir(parents=True)
    Path("data_cards/README.md").write_text(CARD)
    for picture in [*PICTURES, "of_an_older_card.svg"]:
        (Path("data_cards/plots") / picture).write_text("<svg/>")
    return tmp_path


@pytest.fixture
def hub() -> Iterator[Hub]:
    server = Hub(token="hf_test")
    yield server
    server.close()


def configs(folder: Path) -> list[str]:
    head = yaml.safe_load((folder / "README.md").read_text().split("---\n")[1])
    return [config["config_name"] for config in head["configs"]]


def test_every_config_of_the_repository_loads(project: Path):
    publish.publish("me/set", dry_run=project / "out", public=False)

    rows = {
        name: datasets.load_dataset(
            str(project / "out"), name, split="train", cache_dir=str(project / "cache")
        ).num_rows
        for name in configs(project / "out")
    }
    assert rows == {"rl": 2, "sft": 1, "dropped": 1}


def test_the_dropped_rows_say_which_stage_and_why(project: Path):
    publish.publish("me/set", dry_run=project / "out", public=False)
    dropped = pl.read_parquet(project / "out/dropped/train.parquet")

    assert dropped.select("stage", "reason", "score").row(0) == (
        "difficulty", "too_easy", 1.0,
    )  # fmt: skip


def test_a_config_without_rows_is_left_out_of_head_and_example(project: Path):
    publish.publish("me/set", dry_run=project / "out", public=False)
    card = (project / "out/README.md").read_text()

    assert configs(project / "out") == ["rl", "sft", "dropped"]
    assert 'load_dataset("me/set", "rl")' in card
    assert '"grades"' not in card


def test_the_pictures_are_those_of_the_card(project: Path):
    publish.publish("me/set", dry_run=project / "out", public=False)

    assert sorted(file.name for file in (project / "out/plots").iterdir()) == PICTURES


def test_without_a_card_it_says_what_to_run(project: Path):
    Path("data_cards/README.md").unlink()

    with pytest.raises(UserError, match="does not exist") as error:
        publish.publish("me/set", dry_run=project / "out", public=False)
    assert error.value.hint == "dvc repro card"


def upload(project: Path, hub: Hub, *options: str, token: str = "hf_test"):
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "publish", "me/set", *options],
        cwd=project,
        env=os.environ
        | {
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": token,
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HOME": str(project / "hf"),
            "PYTHONPATH": str(HERE),
        },
        capture_output=True,
        text=True,
    )


def test_the_upload_arrives_whole_and_private(project: Path, hub: Hub):
    done = upload(project, hub)
    publish.write("me/set", project / "out")

    assert done.returncode == 0, done.stderr
    wanted = {
        str(file.relative_to(project / "out")): file.read_bytes()
        for file in (project / "out").rglob("*")
        if file.is_file()
    }
    arrived = {n: data for n, data in hub.files.items() if n != ".gitattributes"}
    assert arrived == wanted
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
    assert "sft/train.parquet" not in hub.files
    assert "rl/train.parquet" in hub.files


def test_a_refused_token_is_told_without_a_traceback(project: Path, hub: Hub):
    done = upload(project, hub, token="hf_wrong")

    assert done.returncode == 2
    assert "error: the Hub refused me/set" in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.files == {}
