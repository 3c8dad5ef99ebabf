"""`goldsieve check` on recipes that are right, wrong and off."""

import re
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import dag, recipes
from pipeline.cli.check import check, find_mistakes
from pipeline.errors import UserError
from tests.support.project import HERE, SECTIONS, data_stages, run_in

TRAINING: dict[str, Any] = {"sft": {}, "dpo": False, "grpo": {}, "evaluate": {}}
NAMES = [*(stage.name for stage in data_stages()), *TRAINING]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_in(tmp_path)


def every_recipe() -> list[str]:
    with chdir(HERE):
        return recipes.names()


def complete(name: str) -> dict[str, Any]:
    """A recipe, with a commit and a place where the repository knows none."""
    with chdir(HERE):
        sections = recipes.resolve(name)
    for _, location in recipes.unpinned(sections):
        location["revision"] = "0" * 40
    for source in sections["collect"].values():
        if isinstance(source, dict) and not source.keys() & recipes.KINDS:
            source["path"] = "copy.jsonl"
    return sections


def checked(**changes: Any) -> None:
    sections = {**SECTIONS, **TRAINING, **changes}
    Path("params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    check()


def mistakes(**changes: Any) -> list[str]:
    with pytest.raises(UserError) as error:
        checked(**changes)
    return str(error.value).splitlines()


def test_a_lock_file_that_dvc_was_killed_over_is_named():
    whole = "schema: '2.0'\nstages:\n  a:\n    cmd: echo\n"
    for size in (0, 20, len(whole) - 12):
        Path("dvc.lock").write_text(whole[:size])
        (mistake,) = mistakes()
        assert mistake.startswith("dvc.lock is cut off")
        assert "remove it" in mistake
    Path("dvc.lock").write_text(whole)
    checked()


def test_a_list_of_readers_that_dvc_was_killed_over_is_named():
    readers = Path(".dvc/tmp/rwlock")
    readers.parent.mkdir(parents=True)
    for text in ("", '{"read": {"data/pool.parquet": [{"pid": 1'):
        readers.write_text(text)
        (mistake,) = mistakes()
        assert mistake.startswith(f"{readers} is cut off")
        assert "remove it" in mistake
    readers.write_text('{"read": {}, "write": {}}')
    checked()


def test_a_recipe_that_is_understood_says_so(capsys: pytest.CaptureFixture[str]):
    checked()

    assert re.search(
        r"ok    params.yaml: \d+ sections, all understood", capsys.readouterr().out
    )


@pytest.mark.parametrize("name", every_recipe())
def test_every_named_recipe_is_understood(name: str):
    sections = complete(name)
    Path("params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    assert find_mistakes(sections, dag.read()) == []


@pytest.mark.parametrize("name", [*every_recipe(), "_rl", "_sft"])
def test_every_number_of_a_recipe_comes_from_somewhere(name: str):
    with chdir(HERE):
        assert list(recipes.find_unsourced(recipes.read_own(name))) == []


def test_a_recipe_that_says_whose_it_is_says_where_its_numbers_come_from():
    checked(dedup_ngram={"n": 3})
    about = {"system": "One", "unpublished": {"pass_rate_window": "ours"}}
    (mistake,) = mistakes(dedup_ngram={"n": 3}, about=about)

    assert mistake.startswith("params.yaml: dedup_ngram.n: 3 comes from nowhere")


def test_mistakes_of_one_cause_are_told_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("GOLDSIEVE_DATA", raising=False)
    sections = complete("local-math")
    Path("params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    with pytest.raises(UserError) as error:
        check()
    first, others = str(error.value).splitlines()

    assert "the environment variable GOLDSIEVE_DATA is not set; export" in first
    assert others.startswith("  the same of collect.math, collect.orz, ")
    assert others.endswith(" more")


@pytest.mark.parametrize("off", [False, "off"])
@pytest.mark.parametrize("name", [name for name in NAMES if name != "collect"])
def test_every_stage_may_be_off(name: str, off: Any):
    checked(**{name: off})


def test_sources_are_turned_off_one_by_one():
    checked(collect={"a": False})

    (mistake,) = mistakes(collect=False)
    assert mistake.startswith("params.yaml: collect: turn sources off one by one")


def test_a_section_that_stages_share_must_be_there():
    sections = {n: s for n, s in (SECTIONS | TRAINING).items() if n != "prompt"}
    Path("params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))

    with pytest.raises(UserError, match="there is no section 'prompt'; write `prompt"):
        check()


def test_every_mistake_is_named():
    assert mistakes(qualty={}, pool={"order": ["b"]}, dedup_exact={"kee": 1}) == [
        f"params.yaml: qualty is not a stage; stages are {', '.join(NAMES)}",
        "params.yaml: a is collected, and pool.order does not name it",
        "params.yaml: pool.order names b, and nothing collects it",
        "params.yaml:18: dedup_exact.kee: unknown name; dedup_exact knows key (got 1)",
    ]
