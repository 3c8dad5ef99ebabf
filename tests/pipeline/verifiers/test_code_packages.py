"""Packages that a row names: programs and tests see them, and verdicts rest on them."""

import shutil
import subprocess
from typing import Any

import numpy
import pytest

from pipeline.grading.cache import key
from pipeline.grading.workers import Answer, _fields_and_key
from pipeline.verifiers.code import rests_on, verify

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
CALL: dict[str, Any] = {
    "type": "call",
    "fn_name": "f",
    "tests": [{"input": [4], "output": 6}],
}
STDIO: dict[str, Any] = {"type": "stdio", "tests": [{"input": "4", "output": "6"}]}
SUM = "import numpy as np\ndef f(n): return np.arange(n).sum()\n"
ARRAYS = {
    "a sum": (
        "assert np.allclose(f(np.arange(6.0).reshape(2, 3)), [3, 5, 7])",
        "def f(a): return a.sum(axis=0)",
    ),
    "in place": (
        "a = np.zeros(3, int)\nf(a)\nassert a.tolist() == [0, 7, 0]",
        "def f(a): a[1] = 7",
    ),
    "objects": (
        "a = np.array([1, 'x', None], object)\nassert f(a) is a\nassert a[2] == 5",
        "def f(a):\n    a[2] = 5\n    return a",
    ),
    "a number": (
        "for n in (1, 2): assert f(n) == n + 1 and isinstance(f(n), np.int32)",
        "import numpy\ndef f(n): return numpy.int32(n + 1)",
    ),
}


def info(**options: Any) -> dict[str, Any]:
    return CALL | {"packages": ["numpy"]} | options


def test_a_program_sees_the_packages_that_its_row_names():
    assert verify(None, SUM, info()).correct is True
    assert verify(None, SUM, info(packages=[])).why == (
        "it needs numpy, which is not in the sandbox"
    )


def test_what_is_printed_may_come_of_a_package():
    program = f"{SUM}print(f(int(input())))"

    assert verify(None, program, STDIO | {"packages": ["numpy"]}).correct is True


def test_a_package_that_is_not_installed_leaves_it_undecided():
    verdict = verify(None, SUM, info(packages=["numpy", "no_such_package"]))

    assert (verdict.correct, verdict.why) == (
        None,
        "it needs the package no_such_package, which is not installed here",
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_cross(name: str):
    tests, program = ARRAYS[name]
    row = {"type": "assert", "test_code": f"import numpy as np\n{tests}"}

    verdict = verify(None, program, row | {"packages": ["numpy"]})

    assert verdict.correct is True, verdict.why


def test_an_array_that_is_none_is_not_believed():
    tests = "import numpy as np\nassert np.allclose(f(3), [1, 2, 3])"
    program = """
import numpy
class Any(numpy.ndarray):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    def __array_ufunc__(self, *given, **named): return True
def f(n): return numpy.zeros(3).view(Any)
"""
    row = {"type": "assert", "test_code": tests, "packages": ["numpy"]}

    assert verify(None, program, row).correct is not True


def test_a_verdict_rests_on_the_versions_of_packages_and_compilers():
    assert rests_on(info()) == f"numpy={numpy.__version__}"
    assert rests_on(CALL) == ""
    if shutil.which("g++"):
        said = subprocess.run(["g++", "--version"], capture_output=True, text=True)
        assert said.stdout.splitlines()[0] in rests_on(STDIO)


def test_a_kept_verdict_is_known_by_them():
    row = '{"type": "call", "fn_name": "f", "tests": [], "packages": ["numpy"]}'
    fields, name = _fields_and_key(Answer("code", None, row, SUM))

    assert name == key(*fields, f"numpy={numpy.__version__}")
