"""What is published installs: sdist → wheel → an environment that sees no checkout.

The environment sees the packages that goldsieve needs, and of goldsieve the wheel
alone: a file that the wheel lacks is missing here, as it would be on another machine.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import polars as pl
import pytest

HERE = Path(__file__).parents[1]
CODE = ("pipeline", "stages", "trainers", "goldsieve.py", "goldsieve_taskset.py")
PROJECT = ("dvc.yaml", "params.yaml", ".dvcignore", "recipes",
           "data_cards/template.md", "data_cards/limitations.md")  # fmt: skip
NOT_SHIPPED = ("tests", "docs", "benchmarks", ".ci", ".dvc/")


def list_tracked(*paths: str) -> set[str]:
    """Files under `paths` that git knows, or will."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(
        [*words, "--", *paths], cwd=HERE, capture_output=True, text=True, check=True
    )
    return {name for name in done.stdout.split("\0") if name and (HERE / name).exists()}


def build(hook: str, source: Path, out: Path) -> Path:
    """What setuptools builds of the folder `source`, without an environment apart."""
    code = f"import setuptools.build_meta as b; b.{hook}({str(out)!r})"
    subprocess.run(
        [sys.executable, "-c", code], cwd=source, check=True, capture_output=True
    )
    (file,) = out.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    for name in list_tracked():
        if not name.startswith(NOT_SHIPPED):
            (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            os.link(HERE / name, folder / "source" / name)
    sdist = build("build_sdist", folder / "source", folder / "sdist")
    with tarfile.open(sdist) as archive:
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder / "unpacked", **safe)
    (unpacked,) = (folder / "unpacked").iterdir()
    return build("build_wheel", unpacked, folder / "wheel")


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("environment")
    words = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(words, check=True)
    programs = folder / "bin"
    # Elsewhere than in a checkout, whose goldsieve.egg-info would pass for an install.
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python")]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)],
        cwd=folder, env=environment(programs), check=True, capture_output=True,
    )  # fmt: skip
    # Links of editable installs stand in files of the folder, which are not read here.
    (ours,) = folder.glob("lib/python3*/site-packages")
    (ours / "needs.pth").write_text(f"{Path(pl.__file__).parents[1]}\n")
    return programs


def run(bare: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [bare / words[0], *words[1:]], cwd=folder, env=environment(bare),
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(bare: Path) -> dict[str, str]:
    """Ours, without what leads back to the checkout; stages run as `python` there."""
    ours = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    path = f"{bare}{os.pathsep}{ours['PATH']}"
    return ours | {"PATH": path, "DVC_NO_ANALYTICS": "1", "HF_HUB_OFFLINE": "1"}


def test_the_wheel_holds_every_file_of_the_code_and_of_a_project(wheel: Path):
    held = {n for n in ZipFile(wheel).namelist() if ".dist-info/" not in n}
    project = {f"pipeline/project_files/{name}" for name in list_tracked(*PROJECT)}

    assert held == list_tracked(*CODE) | project


def test_the_code_that_runs_is_that_of_the_wheel(bare: Path, tmp_path: Path):
    code = "import goldsieve, pipeline.project as p; from pathlib import Path; "
    code += "print(goldsieve.__file__, p.project_files())"
    module, files = map(Path, run(bare, tmp_path, "python", "-c", code).split())

    assert module.is_relative_to(bare.parent)
    assert files.is_relative_to(bare.parent)
    assert (files / "dvc.yaml").read_text() == (HERE / "dvc.yaml").read_text()


def test_questions_to_models_find_their_prompts(bare: Path, tmp_path: Path):
    code = "from stages.ask.questions import FOLDER; "
    code += "print(*(file.name for file in FOLDER.glob('*.md')))"
    prompts = run(bare, tmp_path, "python", "-c", code).split()

    assert sorted(prompts) == sorted(
        file.name for file in (HERE / "recipes/prompts").glob("*.md")
    )


def test_files_are_filtered_and_answers_scored(bare: Path, tmp_path: Path):
    problems = [{"problem": "1+1?"}, {"problem": "1+1?"}]
    pairs = [{"id": "a", "gold": "1/2", "prediction": r"\boxed{0.5}"}]
    for name, rows in (("pool", problems), ("pairs", pairs)):
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text)
    run(
        bare, tmp_path, "goldsieve", "filter", "dedup_exact", "pool.jsonl", "--out", "o"
    )
    run(bare, tmp_path, "goldsieve", "score", "pairs.jsonl", "--verifier", "math",
        "--out", "scored.jsonl")  # fmt: skip

    dropped = pl.read_parquet(tmp_path / "o/dropped.parquet")
    assert dropped["reason"].to_list() == ["exact_duplicate"]
    scored = json.loads((tmp_path / "scored.jsonl").read_text())
    assert (scored["correct"], scored["extracted"]) == (True, "0.5")


def test_a_project_is_made_around_a_file_and_its_stages_run(bare: Path, tmp_path: Path):
    problem = "Ann has {} hens and buys {} more. How many are that?"
    rows = [
        {"problem": problem.format(n, n + 3), "answer": 2 * n + 3} for n in range(2, 8)
    ]
    (tmp_path / "mine.jsonl").write_text("".join(f"{json.dumps(r)}\n" for r in rows))
    told = run(bare, tmp_path, "goldsieve", "init", "set", "mine.jsonl")
    run(bare, tmp_path / "set", "python", "-m", "dvc", "repro", "--quiet", "pool")

    assert "mine" in told
    pool = pl.read_parquet(tmp_path / "set/data/pool.parquet")
    assert pool["problem"].to_list() == [row["problem"] for row in rows]
    assert pool["answer"].to_list() == [str(row["answer"]) for row in rows]


def test_a_table_is_shown_on_a_page(bare: Path, tmp_path: Path):
    pytest.importorskip("latex2mathml", reason="the extra `view` is not installed")
    pl.DataFrame({"problem": ["What is 6 times 7?"]}).write_parquet(
        tmp_path / "t.parquet"
    )
    words = [bare / "goldsieve", "view", "t.parquet", "--port", "0"]
    with started(words, tmp_path) as address:
        page = read_page(f"{address}/rows?table=t")
        sheets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

        assert "What is 6 times 7?" in page
        assert len(sheets) >= 2
        assert all(read_page(f"{address}{sheet}") for sheet in sheets)


def read_page(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as reply:
        return reply.read().decode()


@contextmanager
def started(words: list[Any], folder: Path) -> Iterator[str]:
    """The address that a command says it serves at, until the end of the block."""
    with subprocess.Popen(
        words, cwd=folder, env=environment(words[0].parent), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout
        try:
            said = ""
            for line in process.stdout:
                said += line
                if address := re.search(r"http://[\w.]+:\d+", line):
                    yield address[0]
                    return
            raise AssertionError(said)
        finally:
            process.terminate()
