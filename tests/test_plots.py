"""`dvc plots show` puts the card's own pictures into a page that needs no network."""

import os
import shutil
import subprocess
from pathlib import Path

import yaml

HERE = Path(__file__).parents[1]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def test_the_page_of_dvc_plots_shows_the_pictures_and_loads_nothing(tmp_path: Path):
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(HERE / name, tmp_path)
    stages = yaml.safe_load((tmp_path / "dvc.yaml").read_text())["stages"]
    folders = [
        folder
        for stage in stages.values()
        for plots in stage.get("plots", [])
        for folder in plots
    ]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    # A trainer that is off leaves an empty folder.
    for folder in folders[:-1]:
        (tmp_path / folder / "picture.svg").write_text(SVG)
    quiet = os.environ | {"DVC_NO_ANALYTICS": "1"}
    for words in ("dvc init -q --no-scm", "dvc plots show"):
        done = subprocess.run(
            words.split(), cwd=tmp_path, env=quiet, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr

    page = (tmp_path / "dvc_plots/index.html").read_text()
    assert len(folders) == 5
    assert page.count("<img ") == 4
    assert "<script" not in page
    assert "http" not in page
