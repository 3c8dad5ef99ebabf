"""The notebook runs, and shows what its file says."""

import json
import subprocess
import sys
from pathlib import Path

import goldsieve
from tests.support.notebook import run_cell

TOUR = Path("docs/tour.ipynb")


def test_the_notebook_shows_what_it_says():
    # A process of its own: workers start from the main module of a script.
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.notebook", TOUR],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_notebook_shows_every_name_of_the_api_but_the_tables_of_a_project():
    text = TOUR.read_text("utf-8")
    absent = {name for name in goldsieve.__all__ if name not in text}

    # `read` needs a project; these are the types of what the others return.
    assert absent == {"read", "Outcome", "Verdict"}


def test_a_cell_shows_what_it_prints_and_its_last_value(tmp_path: Path):
    names: dict = {}
    assert run_cell("a = 1", names) == ""
    assert run_cell("print('b')\na + 1", names) == "b\n2\n"
    cell = {"cell_type": "code", "source": ["1 + 1"], "outputs": [{"text": ["3\n"]}]}
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [cell]}))
    words = ["-m", "tests.support.notebook", tmp_path / "n.ipynb"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)

    assert done.returncode == 1
    assert "shows\n2\n" in done.stdout
