"""The recipe on public files, on a part of each: real DVC, from collect to card."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from tests.test_demo import checkout, repro

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
ROWS = 400


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the recipe has run on some hundred rows of each source."""
    from tests.conftest import DATA

    folder = checkout(tmp_path_factory.mktemp("local-math"))
    recipe = yaml.safe_load((folder / "recipes/local-math.yaml").read_text())
    for source in recipe["collect"].values():
        source["limit"] = {"rows": ROWS, "how": "random", "seed": 1}
    (folder / "params.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    shutil.rmtree(folder / "data_cards/metrics", ignore_errors=True)
    done = repro(folder, "card", GOLDSIEVE_DATA=str(DATA))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return folder


def counted(project: Path, name: str) -> dict:
    return json.loads((project / f"data_cards/metrics/{name}.json").read_text())


def test_every_row_is_accounted_for(project: Path):
    sources = yaml.safe_load((project / "params.yaml").read_text())["collect"]
    read = [counted(project, f"collect/{name}") for name in sources]
    assert sum(source["rows_in"] for source in read) == ROWS * len(sources)

    before = sum(source["rows_out"] for source in read)
    for name in (
        "pool", "quality", "ask", "dedup_exact", "dedup_ngram", "dedup_embedding",
        "decontaminate", "difficulty", "verify", "select",
    ):  # fmt: skip
        counts = counted(project, name)
        assert counts["rows_in"] == before, name
        assert counts["rows_in"] == counts["rows_out"] + sum(
            counts["dropped"].values()
        ), name
        before = counts["rows_out"]
    assert before > ROWS


def test_rates_come_from_what_was_recorded(project: Path):
    rated = pl.read_parquet(project / "data/difficulty.parquet")
    came_from = dict(rated["rate_from"].value_counts().iter_rows())

    assert came_from["imported:pass_at_n"] > 100
    assert came_from["imported:accuracies"] > 100
    assert came_from["sampled"] > 100


def test_what_is_only_measured_is_not_exported(project: Path):
    rl = pl.read_parquet(project / "data/export/rl.parquet")

    assert "gsm8k_recorded" not in set(rl["source"])
    assert {"gsm8k", "math", "deepscaler"} <= set(rl["source"])


def test_the_card_names_sources_and_benchmarks(project: Path):
    card = (project / "data_cards/README.md").read_text()

    assert "$GOLDSIEVE_DATA/deepscaler/" in card
    assert "| olympiadbench | 675 |" in card
