"""Run the data stages of a recipe in one process, as dvc.yaml says, in a folder apart.

Each command of dvc.yaml calls the function that `python -m pipeline` would call. What
that saves is what a small run costs: a new Python for every stage. Twice the same
recipe has to leave the same bytes; the second run finds the caches of the first.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import (
    chdir,
    contextmanager,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipeline import dag, recipe, recipes, tables
from pipeline.cli.recipe_check.scripted import FENCE, Problem, Script
from pipeline.cli.stages import NothingLeft, run_filter, run_make
from pipeline.errors import UserError

# What the stages read beside each other's tables, all of it in the project.
SHARED = ("dvc.yaml", "recipes", "stages", "data_cards/template.md",
          "data_cards/limitations.md")  # fmt: skip
OUTPUTS = ("data", "models", "data_cards")


def lay_out(folder: Path, sections: dict[str, Any], machine: dict[str, Any]) -> None:
    """A project in `folder`, on which nothing has run yet."""
    (folder / "data_cards").mkdir(parents=True)
    for name in SHARED:
        if Path(name).exists():
            (folder / name).symlink_to(Path(name).resolve())
    (folder / "params.yaml").write_text(recipes.dump(sections), encoding="utf-8")
    (folder / "machine.yaml").write_text(yaml.safe_dump(machine), encoding="utf-8")


def run_stages(
    folder: Path,
    script: Script,
    *,
    until: str = "card",
    after: Callable[[dag.Stage], None],
) -> None:
    """Run what makes the data, up to `until`; `after` is called behind each stage.

    Raises UserError, with the stage's name, for what a stage cannot do.
    """
    with chdir(folder), _quiet():
        sections = recipe.read()
        stages = dag.read()
        for stage in stages:
            if stage.kind == "train":  # nothing trains here
                recipe.load(import_module(stage.module).Params, stage.name)
        for stage in stages:
            if stage.kind == "train":
                continue
            try:
                with suppress(NothingLeft):  # of a few rows none may be left
                    _run_stage(stage, sections)
            except UserError as error:
                raise UserError(f"{stage.name}: {error}", hint=error.hint) from None
            _teach(script, tables.DATA / f"{stage.name}.parquet")
            after(stage)
            if stage.name == until:
                return


def _run_stage(stage: dag.Stage, sections: dict[str, Any]) -> None:
    inputs = list(stage.inputs)
    if stage.kind == "filter":
        run_filter(stage.name, inputs, None, [], [])
        return
    keys = sections[stage.foreach] if stage.foreach else [""]
    for key in keys:
        name = f"{stage.name}.{key}" if key else stage.name
        run_make(name, inputs, stage.out)


def _teach(script: Script, table: Path) -> None:
    """Tell the model the answers that it is to find, and what it may recite."""
    rows = pl.read_parquet(table) if table.exists() else pl.DataFrame()
    if "benchmark" in rows.columns:
        script.items = rows["problem"].to_list()
    elif {"problem", "answer", "solutions", "verifier"} <= set(rows.columns):
        columns = rows.select("problem", "answer", "solutions", "verifier")
        script.learn([_problem(*fields) for fields in columns.rows()])


def _problem(
    text: str, answer: str | None, solutions: list[dict[str, Any]], verifier: str
) -> Problem:
    """What the model knows of a row: where programs are run, one that passes."""
    if verifier != "code":
        return Problem(text, answer or "", "")
    programs = [solution["text"] for solution in solutions or ()]
    fenced = (FENCE.search(program) for program in programs)
    plain = f"```python\n{programs[0]}\n```" if programs else ""
    return Problem(text, "", next((fence[0] for fence in fenced if fence), plain))


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what stages print."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        yield


def digest_outputs(folder: Path) -> dict[str, str]:
    """The digest of every file that the stages left, by its path in `folder`."""
    files = [
        file
        for name in OUTPUTS
        for file in sorted((folder / name).rglob("*"))
        if file.is_file() and not file.is_symlink()
    ]
    return {
        str(file.relative_to(folder)): blake2b(file.read_bytes()).hexdigest()
        for file in files
    }


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """These environment variables, for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
