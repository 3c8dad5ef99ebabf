"""Fetch a published set, and write a recipe that replays it without sampling."""

import re
from pathlib import Path

from pipeline import recipe
from pipeline.machine import cache_folder
from pipeline.published import hub, replay


def pull(repo: str, *, revision: str | None, to: Path | None, name: str | None) -> None:
    """Fetch a published set and write the recipe that replays it, without sampling.

    `repo` may be a folder that holds one; then nothing is fetched.
    """
    folder = Path(repo)
    if not folder.is_dir():
        folder = to or cache_folder("pulled") / repo.replace("/", "--")
        commit = hub.download(repo, revision, folder)
        print(f"{repo} at {commit} is in {folder}")
    short = re.sub(r"[^a-z0-9_]+", "_", repo.rstrip("/").rpartition("/")[2].lower())
    file = replay.write_recipe(folder, name or short, repo)
    print(f"wrote {file}; now `goldsieve recipe use {file.stem}`, `dvc repro card`")
    if absent := replay.find_left_behind(recipe.read(file)):
        print(f"not part of the set, and not here: {', '.join(absent)}")
