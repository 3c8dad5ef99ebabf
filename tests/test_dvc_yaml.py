"""dvc.yaml must name every file of ours a stage imports, or edits go unseen."""

from importlib import import_module
from pathlib import Path

import pytest
import yaml

from pipeline.closure import import_closure
from pipeline.settings import shared_sections

STAGES = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]


def closure(files: set[Path]) -> set[Path]:
    """What must be named: package heads hold a docstring and nothing to go stale."""
    needed = import_closure(files, Path())
    return {file for file in needed if file.name != "__init__.py" or is_stage(file)}


def is_stage(file: Path) -> bool:
    return (
        file.parts[0] == "stages"
        and len(file.parts) == 3
        and "sources" not in file.parts
    )


def entry(name: str) -> set[Path]:
    for base in ("stages", "trainers"):
        if (file := Path(base, f"{name}.py")).exists():
            return {file}
        if (folder := Path(base, name)).is_dir():
            return set(folder.rglob("*.py"))
    raise AssertionError(f"dvc.yaml has a stage {name!r} and no file is called so")


@pytest.mark.parametrize("name", STAGES)
def test_deps_name_every_import(name: str):
    deps = [Path(dep) for dep in STAGES[name].get("do", STAGES[name])["deps"]]
    needed = closure(entry(name))

    unnamed = [
        str(file)
        for file in sorted(needed)
        if not any(file == dep or dep in file.parents for dep in deps)
    ]
    assert not unnamed, f"add to `deps` of {name} in dvc.yaml: {unnamed}"


@pytest.mark.parametrize("name", STAGES)
def test_deps_name_nothing_that_is_not_imported(name: str):
    deps = [Path(dep) for dep in STAGES[name].get("do", STAGES[name])["deps"]]
    code = [dep for dep in deps if dep.parts[0] in {"pipeline", "stages", "trainers"}]
    needed = closure(entry(name))

    idle = [
        str(dep)
        for dep in code
        if not any(file == dep or dep in file.parents for file in needed)
    ]
    assert not idle, f"{name} does not import {idle}"


def test_every_stage_file_is_in_the_dag():
    files = {p.stem for p in Path("stages").glob("[a-z]*.py")}
    folders = {p.parent.name for p in Path("stages").glob("[a-z]*/__init__.py")}
    assert files | folders - {"sources"} <= set(STAGES)


def shared(name: str) -> set[str]:
    """The sections that a stage reads beside its own."""
    base = "stages" if Path("stages", name).exists() else "trainers"
    base = "stages" if Path("stages", f"{name}.py").exists() else base
    return set(shared_sections(import_module(f"{base}.{name}").Params))


def test_every_params_section_is_a_stage_or_shared_and_every_stage_has_one():
    sections = set(yaml.safe_load(Path("params.yaml").read_text())) - {"about"}
    assert sections == set(STAGES).union(*map(shared, STAGES))


@pytest.mark.parametrize("name", STAGES)
def test_params_name_the_sections_that_a_stage_shares(name: str):
    stage = STAGES[name].get("do", STAGES[name])

    assert shared(name) <= set(stage["params"])
