"""Any stage may be `off`: what is behind it runs, and only rows pass through."""

import re
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import dag
from pipeline.cli import funnel, ledger, publish
from pipeline.errors import UserError
from tests.support.project import SECTIONS, data_stages, run_in, run_stages

STAGES = data_stages()
NAMES = [stage.name for stage in STAGES]


def behind(name: str) -> list[str]:
    """The stage and those that read what it writes, directly or not."""
    return [
        stage.name
        for stage in STAGES
        if stage.name == name
        or name in {other.name for other in dag.before(STAGES, stage.name)}
    ]


def turn_off(name: str, sections: dict[str, object]) -> dict[str, object]:
    if name == "collect":
        return sections | {"collect": {"a": False}}
    if name in ("rollouts", "grades"):
        # A window of pass rates that nobody measured keeps nothing, which is an error.
        return sections | {name: False, "difficulty": False}
    return sections | {name: False}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return run_in(tmp_path)


def run_without(name: str, project: Path) -> None:
    sections = turn_off(name, SECTIONS)
    (project / "params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    run_stages(project, behind(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_may_be_off_and_all_behind_it_run(name: str, project: Path, capsys):
    before = {file: pl.read_parquet_schema(file) for file in project.rglob("*.parquet")}
    run_without(name, project)

    after = {file: pl.read_parquet_schema(file) for file in project.rglob("*.parquet")}
    assert after.keys() == before.keys()
    module = import_module(f"stages.{name}")
    optional = set(getattr(module, "COLUMNS", {}))
    if name in ("rollouts", "grades"):
        optional |= set(import_module("stages.difficulty").COLUMNS)
    for file, schema in before.items():
        assert schema.items() <= after[file].items(), file
        assert after[file].keys() - schema.keys() <= optional, file
    ledger.sql("select count(*) from dropped, export_rl, export_sft")
    funnel.funnel()
    shown = capsys.readouterr().out
    chain = [stage.name for stage in dag.row_stages(STAGES)]
    card = Path("data_cards/README.md").read_text()
    if name in chain and name != "collect":
        assert re.search(rf"{name} .* off ", shown)
        assert f"| {name} (off) |" in card


def test_without_select_every_right_trace_is_exported(project: Path):
    run_without("select", project)
    sft = pl.read_parquet("data/export/sft.parquet")

    assert sft["id"].to_list() == ["a/00000"] * 2 + ["a/00004"] * 2


def test_without_verify_no_traces_are_known(project: Path):
    run_without("verify", project)

    assert pl.read_parquet("data/export/rl.parquet").height == 2
    assert pl.read_parquet("data/export/sft.parquet").height == 0


def test_without_difficulty_nothing_is_too_easy_and_no_rate_is_known(project: Path):
    run_without("difficulty", project)
    rl = pl.read_parquet("data/export/rl.parquet")

    assert rl["id"].to_list() == ["a/00000", "a/00003", "a/00004"]
    assert rl["pass_rate"].to_list() == [None] * 3


def test_without_the_card_its_page_is_one_line(project: Path):
    run_without("card", project)

    assert Path("data_cards/README.md").read_text() == (
        "The card is off in this recipe.\n"
    )
    with pytest.raises(UserError, match="card is off"):
        publish.publish("me/set", dry_run=project / "out", public=False)
