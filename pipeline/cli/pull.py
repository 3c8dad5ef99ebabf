"""Fetch a published set, and write a recipe that replays it without sampling."""

import re
from pathlib import Path

from pipeline import dag, recipe
from pipeline.cli import project
from pipeline.errors import UserError
from pipeline.machine import cache_folder
from pipeline.published import hub, replay


def pull(repo: str, *, revision: str | None, to: Path | None, name: str | None) -> None:
    """Fetch a published set and write the recipe that replays it, without sampling.

    `repo` may be a folder that holds one; then nothing is fetched. An empty folder
    becomes a project.
    """
    folder = Path(repo)
    if not folder.is_dir():
        folder = to or cache_folder("pulled") / repo.replace("/", "--")
        commit = hub.download(repo, revision, folder)
        print(f"{repo} at {commit} is in {folder}")
    replay.read_recipe(folder)  # is it a set?
    _make_project(folder)
    short = re.sub(r"[^a-z0-9_]+", "_", repo.rstrip("/").rpartition("/")[2].lower())
    file = replay.write_recipe(folder, name or short, repo)
    print(f"wrote {file}; now `goldsieve recipe use {file.stem}`, `dvc repro card`")
    if absent := replay.find_left_behind(recipe.read(file)):
        print(f"not part of the set, and not here: {', '.join(absent)}")


def _make_project(of: Path) -> None:
    """Make this folder a project, unless it is one; UserError where it is in use."""
    if dag.FILE.exists():
        return
    own = {".cache", *of.parts[:1]}
    if others := [e.name for e in Path().iterdir() if e.name not in own]:
        raise UserError(
            "this folder is no project, and holds other files: "
            + ", ".join(others[:3]),
            hint="run it in a project, or in an empty folder, which becomes one",
        )
    project.write(Path())
