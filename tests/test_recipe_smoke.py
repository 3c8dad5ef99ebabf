"""A recipe through DVC leaves what it leaves in one process, byte for byte."""

import os
from contextlib import chdir
from pathlib import Path

import pytest
import yaml

from pipeline import recipes
from pipeline.cli.recipe_check import check, fixtures, run
from tests.test_demo import checkout, repro

HERE = Path(__file__).parent.parent
NAME = "light_r1_rl"  # it filters, samples a model and grades
OF_BENCH = ("GOLDSIEVE_JUDGE", "GOLDSIEVE_MACHINE")

pytestmark = pytest.mark.slow


def test_a_recipe_through_dvc_leaves_the_bytes_of_recipe_check(tmp_path: Path):
    folder = checkout(tmp_path)
    with chdir(HERE), check.open_bench() as bench:
        report = check.check_recipe(NAME, bench)
        url = bench.server.url
        sections = fixtures.replace_data(recipes.resolve(NAME), {})
        placed = fixtures.replace_models(sections, url)
        (folder / "params.yaml").write_text(recipes.dump(placed))
        machine = {"workers": 1, "engine": {"urls": [url]}}
        (folder / "machine.yaml").write_text(yaml.safe_dump(machine))
        done = repro(folder, "card", **{name: os.environ[name] for name in OF_BENCH})
        expected = run.digest_outputs(report.folder)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    assert report.mistakes == []
    found = run.digest_outputs(folder)
    assert len(expected) > 30
    assert {name: found.get(name) for name in expected} == expected
