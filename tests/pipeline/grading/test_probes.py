"""Probe are measured with a reference and an empty program, and each once."""

import json
import shutil

import pytest

from pipeline.errors import UserError
from pipeline.grading.probes import Probe, find_probed, find_weak_tests
from pipeline.verifiers.program.empty import write_empty

ADD = {"type": "call", "fn_name": "add", "tests": [{"input": [1, 2], "output": 3}]}


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing")
def test_a_row_is_measured_once(monkeypatch: pytest.MonkeyPatch):
    row = Probe("code", None, json.dumps(ADD), ["def add(a, b): return a"])
    before = list(find_weak_tests([row], 60))
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", "nowhere")  # no program can run

    assert before == ["its reference does not pass: test 1: returned 1"]
    assert list(find_weak_tests([row], 60)) == before
    with pytest.raises(UserError, match="nowhere"):
        list(find_weak_tests([row._replace(references=["def add(): pass"])], 60))


def test_only_programs_are_measured():
    assert find_probed(["math", "code", None, "no such verifier"]) == ["code"]


def test_an_empty_program_has_every_name_that_tests_want():
    tests = "from solution import halve\nassert halve(4) == twice(1)\nassert len([1])"
    info = {"type": "assert", "test_code": tests, "entry_point": ""}

    scope: dict = {}
    exec(write_empty(info).partition("\n")[2].rpartition("```")[0], scope)

    assert (scope["halve"](4), scope["twice"](n=1)) == (None, None)
    assert scope["Solution"]().anything(1) is None
    assert "len" not in scope
    assert write_empty({"type": "stdio", "language": "cpp"}).startswith("```cpp\nint")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing")
def test_of_programs_known_to_be_wrong_one_must_fail():
    passes, fails = "def add(a, b): return 3", "def add(a, b): return a"
    refused = {
        (passes,): None,  # may have been too slow elsewhere
        (passes, fails): None,
        (passes, f"{passes} + 0"): "2 programs known to be wrong pass",
    }
    rows = [
        Probe("code", None, json.dumps(ADD | {"refused": list(programs)}), None)
        for programs in refused
    ]

    assert list(find_weak_tests(rows, 60)) == list(refused.values())
