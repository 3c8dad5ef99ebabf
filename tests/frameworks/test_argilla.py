"""Marks of reviewers, as Argilla's own package reads records and writes them."""

import json
from collections.abc import Callable
from pathlib import Path

from pipeline.view.argilla import write_records
from pipeline.view.marking import read_marks
from pipeline.view.reviews import Review
from tests.frameworks.conftest import HERE, environment


def test_argilla_reads_our_records_and_we_read_its_own(
    tmp_path: Path, run: Callable[..., str]
):
    python = environment("argilla") / "python"
    rows = [
        {"id": "a/0", "problem": "1+1?", "answer": None, "pass_rate": 0.5},
        {"id": "a/1", "problem": "é $x$", "answer": "2", "reason": "too_hard"},
    ]
    records = [*write_records(rows, [Review("a/1", "bad", "why", "Ann")])]
    (tmp_path / "records.json").write_text(json.dumps(records))
    script = HERE / "tests" / "frameworks" / "in_argilla.py"
    run(python, script, tmp_path / "records.json", tmp_path / "out.json")

    user = "argilla 00000000-0000-0000-0000-000000000001"
    assert read_marks((tmp_path / "out.json").read_bytes()) == [
        Review("a/0", "unsure", "not {}", user),
        Review("a/1", "good", "not {'mark': 'bad', 'note': 'why'}", user),
    ]
