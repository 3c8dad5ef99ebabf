"""What people get wrong, each through the command line: a sentence and what to do.

Every mistake ends with exit code 2, a line that begins with `error:`, the words that
name what is wrong and the words that say what to do, and never with a traceback.
"""

import gzip
import json
import shutil
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
    is_trainer = line[0].startswith("trainers.")
    monkeypatch.setattr(sys, "argv", line if is_trainer else ["goldsieve", *line])
    if not is_trainer:
        return console.run(lambda: call(line))
    return console.run(import_module(line[0]).main)


@pytest.fixture
def mistaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on which nothing has run, with files that people have."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOLDSIEVE_DATA", raising=False)
    project.write(tmp_path)
    shutil.copytree(project.HERE / "recipes", tmp_path / "recipes")
    (tmp_path / "recipes/number.yaml").write_text("extends: 5")
    (tmp_path / "recipes/shapeless.yaml").write_text("{extends: _rl, collect: 5}")
    (tmp_path / "pairs.jsonl").write_text('{"gold": "2", "prediction": "2"}\n')
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
    (tmp_path / "latin.jsonl").write_bytes('{"problem": "é?"}\n'.encode("latin-1") * 2)
    (tmp_path / "lfs.parquet").write_text("version https://git-lfs.github.com/spec/v1")
    (tmp_path / "page.json").write_text("<!DOCTYPE html><html>404</html>")
    (tmp_path / "data").mkdir()
    problems("9+9?").write_parquet(tmp_path / ROWS)
    whole = (tmp_path / ROWS).read_bytes()
    (tmp_path / "odd/cut.parquet").write_bytes(whole[: len(whole) // 2])
    for table in ("sft", "rl"):
        problems("9+9?").write_parquet(tmp_path / f"odd/{table}.parquet")
    (tmp_path / "models/not").mkdir(parents=True)
    (tmp_path / "models/not/resolved.json").write_text('{"who": "me"}')
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
    ({}, "filter dedup_exact empty.jsonl --out o", "file is empty", "write rows"),
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
    ({}, "filter qualty a.jsonl --out o", "no stage is called", "try quality"),
    ({}, "filter a.jsonl quality --out o", "comes before the files", "quality a.jsonl"),
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
    ({}, "make collect.nope", "collect has no 'nope'", "it has a"),
    ({}, "recipe use", "takes 1 names, 0 given", ""),
    # of a third look
    ({}, "init p latin.jsonl", "not UTF-8", "iconv -f ISO-8859-1 -t UTF-8 latin.js"),
    ({}, "init p lfs.parquet", "not a whole parquet file", "git lfs pull"),
    ({}, "init p page.json", "no row can be read", "a page of the web"),
    ({}, "filter dedup_exact latin.jsonl --out o", "not UTF-8", "iconv"),
    ({}, "filter dedup_exact lfs.parquet --out o", "magic bytes", "git lfs pull"),
    ({}, "filter dedup_exact a.jsonl --out a.jsonl/o", "cannot be written", "l must"),
    ({}, "filter dedup_ngram a.jsonl --out o --set threshold=[0.8", "is not YAML", ""),
    ({}, "filter quality odd/cut.parquet", "cut.parquet is not a whole parquet file",
     "dvc repro"),
    ({"sft": {}}, "trainers.sft odd models/odd --out o", "no column 'prompt'", "trl"),
    ({"sft": {}}, "trainers.sft odd models/not --out o", "does not say who", "model"),
    ({"grpo": {}}, "trainers.grpo odd models/odd --out o", "no column 'prompt'", "trl"),
    ({"evaluate": {}}, "trainers.evaluate gone.parquet models/odd --out o",
     "there is no gone.parquet", "dvc repro benchmarks"),
    ({"evaluate": {}}, "trainers.evaluate odd/cut.parquet models/odd --out o",
     "not a whole parquet", "dvc repro"),
    ({"benchmarks": {"sets": ["aime2024"]}}, "check", "no benchmark of this name",
     "aime24"),
    (source(path="a.jsonl", split="test"), "make collect.a", "no rows of the split",
     "without `split`"),
    # of a fourth look
    ({}, "filter dedup_exact a.jsonl --out /proc/x", "/proc/x/kept.parquet cannot be",
     "/proc must be a folder to write in; --out names another"),
    ({}, "lengths a.jsonl --out /proc/x", "/proc/x/lengths.json cannot be", "--out na"),
    ({}, "score pairs.jsonl --verifier math --out /proc/x/o", "/proc/x/o cannot be",
     "--out names another"),
    ({}, "init /proc/x a.jsonl", "cannot be written", "/proc must be a folder"),
    ({}, "lengths empty.jsonl", "no row can be read: the file is empty", "write rows"),
    ({}, "lengths lfs.parquet", "no row can be read: not a whole", "git lfs pull"),
    ({}, "lengths a.jsonl --column problem=q", "no file has a column 'q'", "it has p"),
    ({}, "score page.json --verifier math", "no row can be read", "a page of the web"),
    ({}, "score lfs.parquet --verifier math", "no row can be read", "git lfs pull"),
    ({}, "score /dev/null --verifier math", "/dev/null is no file of rows", "into one"),
    ({}, "view lfs.parquet", "lfs.parquet is not a whole parquet file", "remove it"),
    ({}, "init p a.jsonl --column question=problem", "question is no column of ours",
     "ours are problem, answer"),
    ({}, "filter dedup_ngram a.jsonl --out o --set threshold=1 --set threshold.x=1",
     "threshold has a value already", ""),
    ({}, "recipe check demo --data gone", "--data gone is no folder", "that has files"),
    ({}, "estimate --tokens-per-s -1", "expected more than 0 (got -1)", ""),
    ({"rollouts": 5}, "check", "rollouts: expected settings by name", ""),
    ({"difficulty": 5}, "check", "difficulty: expected settings by name", ""),
    ({"rollouts": {"engine": "replay", "replay": [{"path": "a.jsonl",
      "completions": 5}]}}, "check", "replay.0.completions: expected a list", ""),
    ({"rollouts": {"engine": "replay", "replay": [{"path": "a.jsonl",
      "adapter": "generic", "problem": "q"}]}}, "check", "or `problem` names", ""),
    ({"rollouts": {"engine": "replay", "replay": [{"path": "a.jsonl",
      "columns": {"problem": "q"}}]}}, "check", "those of an `adapter`", ""),
    ({}, "recipe show number", "extends: expected a name (got 5)", ""),
    ({}, "recipe show shapeless", "collect: expected settings by name", ""),
    ({"quality": {"drop": 5}}, "check", "quality.drop: expected a list (got 5)", ""),
    ({"dedup_ngram": {"threshold": 10**400}}, "check", "dedup_ngram.threshold", "0…)"),
    ({}, "make collect.x.y", "collect has no 'x.y'", "it has a"),
    ({}, f"filter difficulty {ROWS} {ROWS} --out o", "a column 'model', which roll",
     "give it what rollouts wrote"),
    ({}, "sql select*from'lfs.parquet'", "No magic bytes", "views: rows"),
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


@pytest.mark.parametrize(
    ("file", "content", "line", "message", "hint"),
    [
        ("params.yaml", b"\xff\xfe", "check", "params.yaml is not YAML", ""),
        ("params.yaml", b"a: [1", "check", "params.yaml is not YAML", "line 1"),
        ("params.yaml", None, "check", "params.yaml is a folder", "a file of YAML"),
        ("dvc.yaml", b"stages: 5", "funnel", "dvc.yaml has no `stages`", "init DIR"),
        ("dvc.yaml", b"stages: [", "funnel", "dvc.yaml is not YAML", "line 2"),
        ("dvc.lock", b"stages: {", "funnel", "dvc.lock is not YAML", ""),
        ("dvc.lock", b"<<<<<<< HEAD\na: 1\n", "check", "has the marks of a merge", ""),
        ("params.yaml", b"a: 1\n<<<<<<< HEAD\nb: 1\n", "check", "is not YAML",
         "marks of a merge"),
        ("dvc.lock", b"5", "funnel", "nothing has run yet", "dvc repro"),
        ("dvc.lock", b"stages: 5", "funnel", "nothing has run yet", "dvc repro"),
        ("dvc.lock", b"stages: {pool: 5}", "funnel", "nothing has run", "dvc repro"),
        ("dvc.yaml", b"stages: {pool: {}}", "lineage", "no stage of deduplication", ""),
        ("machine.yaml", b"workers: many", "score a.jsonl --verifier math",
         "valid integer", "machine.yaml:1"),
        ("data_cards/metrics/pool.json", b"{", "funnel", "does not say what a stage",
         "dvc repro"),
        ("data/quality.parquet", b"PAR1", "sql select", "is not a whole parquet file",
         "dvc repro"),
        ("data/dropped/dedup_exact.parquet", b"PAR1", "lineage",
         "is not a whole parquet file", "dvc repro"),
        ("data/quality.parquet", b"PAR1", "explain a/0", "is not a whole parquet file",
         "dvc repro"),
    ],
)  # fmt: skip
def test_a_broken_file_of_a_project_is_named(
    file: str, content: bytes | None, line: str, message: str, hint: str,
    mistaken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    Path("params.yaml").write_text(yaml.safe_dump(project.SECTIONS))
    Path("a.jsonl").write_text('{"gold": "2", "prediction": "2"}\n')
    for folder in ("data_cards/metrics", "data/dropped"):
        Path(folder).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROWS, "data/ask.parquet")
    Path(file).unlink(missing_ok=True)
    if content is None:
        Path(file).mkdir()
    else:
        Path(file).write_bytes(content)

    code = run(line.split(), monkeypatch)
    told = capsys.readouterr().err

    assert code == 2, told
    assert message in told
    assert hint in told


@pytest.mark.parametrize("package", ["trl", "torch"])
def test_a_trainer_names_the_extra_that_brings_all_it_needs(
    package: str, mistaken: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    table = pl.DataFrame({"id": ["a"], "prompt": ["1+1?"], "completion": ["2"]})
    table.write_parquet("odd/sft.parquet")
    Path("params.yaml").write_text(yaml.safe_dump(project.SECTIONS | {"sft": {}}))
    monkeypatch.setitem(sys.modules, "trl", None)
    monkeypatch.setitem(sys.modules, package, None)

    assert run(["trainers.sft", "odd", "models/odd", "--out", "o"], monkeypatch) == 2
    told = capsys.readouterr().err
    assert "error: trl is not installed" in told
    assert 'pip install "goldsieve[train]"' in told


@pytest.mark.parametrize("line", ["check", "funnel", "estimate", "recipe use demo"])
def test_outside_of_a_project_the_way_to_one_is_told(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    monkeypatch.chdir(tmp_path)

    assert run(line.split(), monkeypatch) == 2
    assert "`goldsieve init DIR FILE…` makes one" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
