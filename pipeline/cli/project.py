"""The files of a project: what `dvc repro` and the command line need in a folder.

A clone of goldsieve is a project. Elsewhere a project has a dvc.yaml whose stages
depend on data alone, and not on our code, which is installed: instead of it they
depend on `goldsieve.txt`, which names the version. Recipes of its own extend copies of
the bases; the card has our template, unless one is put there.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from pipeline import dag
from pipeline.errors import UserError, one_line
from pipeline.files import write_text
from pipeline.project import TEMPLATE, project_files
from pipeline.recipe import parse_yaml
from pipeline.recipes import FOLDER

OURS = ("pipeline/", "stages/", "trainers/")
VERSION = "goldsieve.txt"
UNSEEN = ".cache/\n*.draft\n*.draft.*\n*.owner\n"
IGNORED = {
    ".gitignore": f"/data/\n/models/\nmachine.yaml\n{UNSEEN}",
    ".dvcignore": UNSEEN,
}
COPIED = ("data_cards/limitations.md",)


def write(folder: Path) -> None:
    """Make `folder` a project, unless it is one; what is there stays as it is.

    UserError where DVC refuses the folder.
    """
    if (folder / dag.FILE).exists():
        return
    home = project_files()
    files = [home / name for name in COPIED]
    for pattern in ("_*.yaml", "prompts/*"):
        files += sorted((home / FOLDER).glob(pattern))
    for file in files:
        write_text(folder / file.relative_to(home), file.read_text("utf-8"))
    write_text(folder / VERSION, f"goldsieve {_version()}\n")
    for name, text in IGNORED.items():
        if not (folder / name).exists():
            write_text(folder / name, text)
    write_text(folder / dag.FILE, _without_code((home / dag.FILE).read_text("utf-8")))
    _start_dvc(folder)


def _version() -> str:
    try:
        return version("goldsieve")
    except PackageNotFoundError:
        return "of a clone"


def _without_code(text: str) -> str:
    """A dvc.yaml whose stages depend on `goldsieve.txt` in the place of our code."""
    content: dict[str, Any] = parse_yaml(text)
    for entry in content["stages"].values():
        stage = entry.get("do", entry)
        ours = (*OURS, TEMPLATE.as_posix())
        data = [each for each in stage["deps"] if not each.startswith(ours)]
        stage["deps"] = [*data, VERSION]
    head = "# Written by `goldsieve init`: what each stage reads and what it writes.\n"
    return head + yaml.safe_dump(content, sort_keys=False, width=88)


def _start_dvc(folder: Path) -> None:
    """`dvc init` there, beside git where there is a repository."""
    if (folder / ".dvc").exists():
        return
    is_in_git = any((each / ".git").exists() for each in folder.resolve().parents)
    how = ["--subdir"] if is_in_git else ["--no-scm"]
    if (folder / ".git").exists():
        how = []
    command = [sys.executable, "-m", "dvc", "init", "--quiet", *how]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        why = one_line(RuntimeError(done.stderr))
        raise UserError(f"dvc init in {folder} failed: {why}")
