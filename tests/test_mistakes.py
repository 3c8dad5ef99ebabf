"""What people get wrong, each through the command line: a sentence and what to do.

Every mistake ends with exit code 2, a line that begins with `error:`, the words that
name what is wrong and the words that say what to do, and never with a traceback.
"""

import gzip
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline import console
from pipeline.__main__ import call
from tests.support import project
from tests.support.rows import problems

COMMIT = "0" * 40
OF_HUB = {"kind": "hub", "repo": "no/such", "revision": COMMIT}
ROWS = "data/rows.parquet"
TINY: dict[str, Any] = {"engine": "transformers", "samples": 1, "max_tokens": 4}


def source(**settings: Any) -> dict[str, Any]:
    return {"collect": {"a": {"adapter": "generic", "path": "a.jsonl"} | settings}}


def exam(**settings: Any) -> dict[str, Any]:
    return {"benchmarks": {"sets": [{"name": "exam"} | settings]}}


def run(line: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command line; `trainers.x` is a trainer's own."""
    if not line[0].startswith("trainers."):
        return console.run(lambda: call(line))
    monkeypatch.setattr(sys, "argv", line)
    return console.run(import_module(line[0]).main)


@pytest.fixture
def mistaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on which nothing has run, with files that people have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLDSIEVE_DATA", raising=False)
    project.write(tmp_path)
    (tmp_path / "recipes").symlink_to(project.HERE / "recipes")
    (tmp_path / "asked.jsonl").write_text('{"question": "1+1?", "gold": "2"}\n')
    (tmp_path / "notes.txt").write_text("1+1?")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"problem": "1+1?"}')[:9])
    pl.DataFrame(schema={"problem": pl.String}).write_parquet(tmp_path / "zero.parquet")
    (tmp_path / "numbers.jsonl").write_text('{"x": 1}\n{"x": 2}\n')
    chat = {"messages": [{"role": "user", "content": each} for each in "ab"]}
    (tmp_path / "chats.jsonl").write_text(f"{json.dumps(chat)}\n" * 2)
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/config.json").write_text('{"model_type": "abacus"}')
    (tmp_path / "data").mkdir()
    problems("9+9?").write_parquet(tmp_path / ROWS)
    for name, found in {
        "hub": OF_HUB | {"load": "no/such"},
        "odd": {"kind": "path", "revision": "", "load": "odd"},
    }.items():
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        model = {"name": name, "revision": COMMIT} | found
        model.pop("repo", None)
        (folder / "resolved.json").write_text(json.dumps(model))
    return tmp_path


MISTAKES: list[tuple[dict[str, Any], str, str, str]] = [
    # of a recipe that `check` reads
    ({"qualty": {}}, "check", "qualty is not a stage", "stages are collect"),
    ({"dedup_exact": {"kee": 1}}, "check", "dedup_exact.kee: unknown", "knows key"),
    ({"pool": {"order": ["b"]}}, "check", "a is collected", "does not name it"),
    (source(path="gone.jsonl"), "check", "collect.a: gone.jsonl does not", "the path"),
    (source(path="$NOWHERE/a.jsonl"), "check", "NOWHERE is not set", "export NOWHERE"),
    (source(path="notes.txt"), "check", "how to read .txt", "known: .parquet"),
    (source(path="empty.jsonl"), "check", "the file is empty", "none of its first"),
    (source(path="cut.jsonl.gz"), "check", "none of its first 1 rows", "cut"),
    (source(path="asked.jsonl"), "check", "problem and answer", "it has question"),
    (source(columns={"problem": "quest"}), "check", "problem: exp", "it has problem"),
    (source(adapter="gsm"), "check", "no adapter is called 'gsm'", "gsm8k"),
    (source(adapter="arithmetic", path="", generator={"cnt": 1}), "check", "cnt",
     "arithmetic"),
    (source(path="", repo="no/such", revision=COMMIT), "check", "no/such is not in the",
     "with `path`"),
    (source(path="", repo="no/such"), "check", "needs a pinned", "recipe pin NAME"),
    (exam(path="gone.parquet", adapter="math"), "check", "gone.parquet does not",
     "benchmarks.sets.0"),
    (exam(path="asked.jsonl", adapter="math"), "check", "benchmarks.sets.0: none of",
     "answer: expected text"),
    ({"model": {"kind": "local", "path": "mdl"}}, "check", "mdl holds no model",
     "model.path"),
    ({"model": OF_HUB}, "check", "model: no/such is not in the Hub's cache", "online"),
    ({"model": {"kind": "hub", "repo": "no/such"}}, "check", "full commit hash",
     "goldsieve recipe pin"),
    ({"rollouts": {"engine": "replay", "replay": [{"path": "r.parquet",
      "completions": ["c"]}]}}, "check", "rollouts.replay.0: r.parquet does not",
     "check the path"),
    ({"dedup_embedding": {"model": "no/such"}}, "check", "dedup_embedding.model: no/s",
     "go online once"),
    # of stages
    (source(path="asked.jsonl"), "make collect.a", "keeps none of 1", "`collect.a`"),
    ({"quality": {"drop": ["blank"]}}, "filter quality a.jsonl", "is no table of the",
     "--out DIR"),
    ({}, "filter quality data/pool.parquet", "pool.parquet does not", "dvc repro pool"),
    ({"model": {"kind": "tiny"}}, "make model", "needs --out", "FOLDER"),
    ({"rollouts": TINY}, f"make rollouts {ROWS} models/odd", "model odd", "a folder"),
    ({"rollouts": TINY}, f"make rollouts {ROWS} models/hub", "model hub", "before"),
    ({"rollouts": TINY}, f"make rollouts {ROWS} models/none", "none does not", "repro"),
    ({}, "make rollouts data/rows.parquet models/odd", "no completion of", "replay."),
    ({"sft": {}}, "trainers.sft data/export models/odd --out o", "there is no", "trl"),
    # of files of one's own
    ({}, "filter dedup_exact asked.jsonl --out o", "no column 'problem'", "--column"),
    ({}, "filter dedup_exact a.jsonl --out o --column problem=q", "no column 'q'",
     "it has problem, answer"),
    ({}, "filter dedup_exact empty.jsonl --out o", "file is empty", "its ending"),
    ({}, "filter dedup_exact a.jsonl --out o --set kee=1", "kee: unknown", "knows key"),
    ({}, "filter dedup_exact a.jsonl --out a.jsonl", "cannot be written", "a folder"),
    ({}, "filter difficulty a.jsonl --out o", "takes 2", "in order: rows, grades"),
    ({}, "score a.jsonl --verifier meth", "no verifier is called", "try choice, code"),
    ({}, "score asked.jsonl --verifier math", "no row has a pred", "it has quest"),
    ({}, "score gone.jsonl --verifier math", "gone.jsonl does not", "check the path"),
    # of looking around
    ({}, "sql select", "Parser Error", "views: rows"),
    ({}, "explain a/0", "no row is called", "dvc repro"),
    ({}, "funnel", "nothing has run yet", "dvc repro"),
    ({}, "lengths a.jsonl --tokenizer no/such", "at no commit", "commit hash"),
    ({}, f"lengths a.jsonl --tokenizer no/such@{COMMIT}", "cannot be had", "packaged"),
    ({}, "recipe use demmo", "no recipe is called 'demmo'", "demo"),
    ({}, "recipe use demo", "has edits that no recipe holds", "--force"),
    ({}, "recipe diff demo", "takes 2 names, 1 given", "recipe"),
    ({}, "publish me/set", "README.md does not", "dvc repro card"),
    ({}, "publish me/my/set", "Repo id must be in the form", "ORG/NAME"),
    # of a second look
    ({}, "filter quality odd --out o", "odd is a folder", "a file of rows"),
    ({}, "filter qualty a.jsonl --out o", "no stage is called", "try ask"),
    ({}, "filter quality a.jsonl --out o --set drop", "should read key=value", ""),
    ({}, "filter dedup_ngram a.jsonl --out o --set threshold=7", "less than or", ""),
    ({}, "filter dedup_ngram a.jsonl --out o --against b.parquet", "b.parquet does",
     "check the path"),
    ({}, "init p zero.parquet", "no row can be read: it has no rows", ""),
    ({}, "init p a.jsonl --column problem=q", "has no column 'q'", "it has problem"),
    ({}, "init p notes.txt", "how to read .txt", "known: .parquet"),
    ({}, "init notes.txt a.jsonl", "cannot be written", "must be a folder"),
    ({}, "init p a.jsonl --model org/m@abc", "abc is no full commit", ""),
    ({}, "init p numbers.jsonl", "no column holds the problems", "--column problem"),
    ({}, "init p chats.jsonl", "no row can be read", "--column answer=NAME"),
    ({}, "compare nowhere .", "nowhere is no folder", "ORG/NAME"),
    ({}, "compare a.jsonl .", "a.jsonl is no folder", "ORG/NAME"),
    ({}, "pull nobody/nothing", "the Hub is switched off", "HF_HUB_OFFLINE"),
    ({}, "estimate --price cheap", "'cheap' is no price", "0.60/M"),
    ({}, "view nowhere", "nowhere does not exist", ""),
    ({}, "make collect.nope", "no section 'collect.nope'", "collect.nope: off"),
    ({}, "recipe use", "takes 1 names, 0 given", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "line", "message", "hint"),
    MISTAKES,
    ids=[f"{number} {line}" for number, (_, line, *_) in enumerate(MISTAKES)],
)
def test_a_mistake_is_a_sentence_that_says_what_to_do(
    changes: dict[str, Any], line: str, message: str, hint: str, mistaken: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    training = {"sft": False, "dpo": False, "grpo": False, "evaluate": False}
    sections = project.SECTIONS | training | changes
    Path("params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))

    code = run(line.split(), monkeypatch)
    told = capsys.readouterr().err

    assert code == 2, told
    error = told[told.index("error: ") :]
    assert message in error
    assert hint in error
    assert "Traceback" not in told
