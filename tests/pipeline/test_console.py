"""Progress in a log, and how long a stage took."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import console
from pipeline.console import clock, track


def work(count: int, seconds: float) -> None:
    for _ in track(range(count), "work", total=count):
        time.sleep(seconds)


def test_a_log_has_a_line_now_and_then_and_a_last_one_that_is_true(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(console, "EVERY_S", 0.15)
    work(8, 0.1)
    *during, last = capsys.readouterr().err.splitlines()

    assert during
    for line in during:
        assert line.startswith("work: ")
        assert line.endswith(" left") or line.startswith(("work: 0 of 8", "work: 8"))
    assert last.startswith("work: 8 of 8 (100%), ")
    rate = float(last.split(", ")[1].removesuffix("/s"))
    assert 0 < rate <= 10, "0.1 s each"
    assert "left" not in last


def test_half_a_minute_passes_between_two_lines(capsys: pytest.CaptureFixture[str]):
    work(3, 0.01)

    assert console.EVERY_S == 30
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0:00:00"), (61, "0:01:01"), (36_061, "10:01:01")]
)
def test_seconds_are_read_as_a_clock(seconds: float, text: str):
    assert clock(seconds) == text


def test_a_stage_that_dvc_runs_leaves_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "end_with_dvc", lambda: None)
    assert console.run(lambda: None) == 0
    assert not Path("data").exists()

    monkeypatch.setenv("DVC_STAGE", "collect@a")
    assert console.run(lambda: time.sleep(0.2)) == 0
    kept = json.loads(Path("data/timings/collect@a.json").read_text())
    assert 0.2 <= kept["seconds"] < 20


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (PermissionError(13, "Permission denied", "/x/a.jsonl"),
         "/x/a.jsonl: permission denied", "ask for the right"),
        (RuntimeError("cannot cache function 'f': no locator available for file 'x'"),
         "compiled code can be kept neither", "NUMBA_CACHE_DIR"),
    ],
)  # fmt: skip
def test_what_one_may_not_is_a_message(
    error: Exception, message: str, hint: str, capsys: pytest.CaptureFixture[str]
):
    def fail() -> None:
        raise error

    assert console.run(fail) == 2
    told = capsys.readouterr().err
    assert message in told
    assert hint in told


def test_what_stdout_cannot_take_is_a_message_and_other_signs_are_escaped():
    code = "from pipeline.console import run; import sys; sys.exit(run(lambda: {}))"
    start = [sys.executable, "-c"]
    with Path("/dev/full").open("w") as full:
        long, short = (
            subprocess.run(
                [*start, code.format(f"print('x' * {length})")],
                stdout=full, stderr=subprocess.PIPE, text=True,
            )
            for length in (100_000, 10)
        )  # fmt: skip
    escaped = subprocess.run(
        [*start, code.format("print('\\xfc')")],
        env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
    )  # fmt: skip

    for done in (long, short):
        assert done.returncode == 2
        assert done.stderr.startswith("error: what is printed cannot be written: No sp")
        assert "Traceback" not in done.stderr
    assert escaped.stdout == "\\xfc\n"


def test_closed_streams_and_names_that_are_no_text_are_told_from_bugs(tmp_path: Path):
    code = "from pipeline.console import run; import sys; sys.exit(run(lambda: {}))"
    shown = code.format("print(sys.stdout.isatty())")
    script = '"$0" -c "$1" >&-; "$0" -c "$1" "$(printf \'\\377\')"'
    script += '; mkdir g; cd g; rmdir ../g; "$0" -c "$1"'
    done = subprocess.run(
        ["/bin/bash", "-c", script, sys.executable, shown],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": os.getcwd()},
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.stderr.splitlines() == [
        "error: b'\\xff' is not UTF-8",
        "hint:  rename the file",
        "error: the folder of this shell was removed",
        "hint:  `cd` to one that is there",
    ]


def test_what_no_file_forbids_keeps_its_traceback():
    def fail() -> None:
        raise PermissionError(1, "Operation not permitted")

    with pytest.raises(PermissionError):
        console.run(fail)
