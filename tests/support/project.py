"""A small project in a folder, on which every data stage of dvc.yaml has run."""

import json
import shutil
from collections.abc import Iterable
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from pipeline import dag
from pipeline.__main__ import call

HERE = Path(__file__).parents[2]
ITEM = "A train leaves at noon and goes 60 miles in an hour. How far by two o'clock?"
ROWS = [("1+1?", "2"), ("1+1?", "2"), (ITEM, "120"), ("2+2?", "4"), ("3+3?", "6")]
SECTIONS: dict[str, Any] = {
    "collect": {"a": {"adapter": "generic", "path": "a.jsonl", "license": "MIT"}},
    "benchmarks": {
        "sets": [{"name": "exam", "adapter": "generic", "path": "exam.jsonl"}]
    },
    "pool": {"order": ["a"]},
    "quality": {"gradable": False},
    "ask": {},
    "dedup_exact": {},
    "dedup_ngram": {},
    "dedup_embedding": False,
    "decontaminate": {},
    "model": False,
    "prompt": {},
    "rollouts": {
        "engine": "replay",
        "replay": [
            {
                "path": "samples.jsonl",
                "completions": ["samples"],
                "n_tokens": ["n_tokens"],
                "finish_reason": ["ends"],
                "model": "m",
            }
        ],
    },
    "grades": {},
    "pass_rate_window": {"hi": 0.9},
    "difficulty": {},
    "verify": {},
    "decontaminate_traces": {},
    "hygiene": {},
    "select": {},
    "export": {},
    "card": {"title": "A set"},
}


def run_in(folder: Path) -> Path:
    """Six lines in; a copy, a leak, an easy one and an unreadable one leave.

    The stages run once a session; `folder` gets a copy of what they left.
    """
    return shutil.copytree(_finished().name, folder, dirs_exist_ok=True)


@cache
def _finished() -> TemporaryDirectory[str]:
    kept = TemporaryDirectory()
    folder = Path(kept.name)
    write(folder)
    run_stages(folder, (stage.name for stage in data_stages()))
    return kept


def write(folder: Path) -> None:
    """The files of a project on which nothing has run yet."""
    shutil.copy(HERE / "dvc.yaml", folder)
    (folder / "data_cards").mkdir()
    for name in ("template.md", "limitations.md"):
        shutil.copy(HERE / "data_cards" / name, folder / "data_cards")
    (folder / "params.yaml").write_text(yaml.safe_dump(SECTIONS, sort_keys=False))
    rows = [{"problem": problem, "answer": answer} for problem, answer in ROWS]
    _write_lines(folder / "a.jsonl", map(json.dumps, rows), "{oops")
    _write_lines(folder / "exam.jsonl", [json.dumps(rows[2])])
    _write_lines(folder / "samples.jsonl", map(json.dumps, map(_samples, rows[1:])))


def _samples(row: dict[str, str]) -> dict[str, Any]:
    """Four samples; "2+2?" is always solved, the others half of the time."""
    solved = 4 if row["problem"] == "2+2?" else 2
    right, wrong = f"it is {row['answer']}", "it is 0"
    return {
        "problem": row["problem"],
        "samples": [right] * solved + [wrong] * (4 - solved),
        "n_tokens": [4, 5, 6, 7],
        "ends": ["stop"] * 4,
    }


def _write_lines(file: Path, lines: Iterable[str], *more: str) -> None:
    file.write_text("".join(f"{line}\n" for line in (*lines, *more)))


def data_stages() -> list[dag.Stage]:
    """The stages that make the data, in order."""
    with chdir(HERE):
        return [stage for stage in dag.read() if stage.kind != "train"]


def run_stages(folder: Path, names: Iterable[str]) -> None:
    """Run stages as `dvc repro` would in `folder`, in this process."""
    entries = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    with chdir(folder):
        sections = yaml.safe_load(Path("params.yaml").read_text())
        for name in names:
            keys = sections[name] if "foreach" in entries[name] else [""]
            for key in keys:
                command = entries[name].get("do", entries[name])["cmd"]
                words = command.replace("${key}", key).split()
                call(words[3:])
