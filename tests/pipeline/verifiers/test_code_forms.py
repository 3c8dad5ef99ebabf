"""Tests in every form that data sets have: run as meant, or without a verdict."""

import shutil

import pytest

from pipeline.verifiers.code import verify

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
RIGHT = """
def add(a, b):
    if isinstance(a, str):
        raise ValueError("a text is no number")
    return a + b
def ask():
    return int(input())
def ask_twice():
    return 2 * ask()
def apply(function, items):
    return [function(item) for item in items]
def same(thing):
    return thing
class Pile:
    size = 0
    def put(self, item): self.size += 1
    def __len__(self): return self.size
def is_there(path):
    import os
    return os.path.exists(path)
def shout(word):
    print(word.upper())
def count(path):
    with open(path) as file:
        return len(file.read().split())
"""
WRONG = """
def add(a, b): return a
def ask(): return 0
def ask_twice(): return 0
def apply(function, items): return items
def same(thing): return lambda x: x
def is_there(path): return True
class Pile:
    def put(self, item): pass
    def __len__(self): return 0
def shout(word): print(word)
def count(path): return 0
"""
CASE = "import unittest\nclass T(unittest.TestCase):\n    "
FORMS = {
    "a function": "def test_add():\n    assert add(1, 2) == 3",
    "an imported solution": "from solution import add\n"
    "def test_add():\n    for i in (1, 2): assert add(i, 1) == i + 1",
    "all of a solution": "from solution import *\nassert abs(add(1, 2)) == 3",
    "a solution as a module": "import solution\nassert solution.add(1, 2) == 3",
    "a solution by another name": "from my_code import add as plus\n"
    "assert plus(1, 2) == 3",
    "a neighbour": "from .solution import add\nassert abs(add(1, 2)) == 3",
    "parameters": "import pytest\n"
    "@pytest.mark.parametrize('a, total', [(0, 0), pytest.param(3, 5, id='x')])\n"
    "def test_add(a, total):\n    assert add(a, total - a) == total",
    "a fixture": "import pytest\n@pytest.fixture\ndef pair():\n    yield 1, 2\n"
    "def test_add(pair):\n    assert add(*pair) == 3",
    "what raises": "import pytest\ndef test_add():\n"
    "    with pytest.raises(ValueError, match='no number'): add('a', 1)",
    "what is near": "import pytest\n"
    "def test_add(): assert add(0.1, 0.2) == pytest.approx(0.3)",
    "a class": "class TestAdd:\n    def setup_method(self): self.one = 1\n"
    "    def test_add(self): assert add(self.one, 2) == 3\n"
    "    def helper(self): assert False",
    "an object with a length": "import pytest\nfrom solution import Pile\n"
    "@pytest.fixture\ndef pile(): return Pile()\n"
    "def test_pile(pile):\n    pile.put(1)\n    assert len(pile) == 1",
    "a skipped test": "import pytest\n@pytest.mark.skip\ndef test_no(): assert False\n"
    "def test_add(): assert add(1, 2) == 3",
    "printed": "def test_it(capsys):\n    shout('a')\n"
    "    assert capsys.readouterr().out == 'A\\n'",
    "typed": "def test_it(monkeypatch):\n"
    "    monkeypatch.setattr('builtins.input', lambda: '5')\n    assert ask() == 5",
    "a unittest": CASE + "def test_add(self): self.assertEqual(add(1, 2), 3)",
    "a unittest with a main": CASE
    + "def test_add(self): self.assertEqual(add(1, 2), 3)\nunittest.main()",
    "set-up": CASE + "def setUp(self): self.one = 1\n"
    "    def test_add(self): self.assertTrue(add(self.one, 2) == 3)",
    "subtests": CASE + "def test_add(self):\n        for b in (0, 1):\n"
    "            with self.subTest(b): self.assertEqual(add(1, b), 1 + b)",
    "what raises, in a unittest": CASE
    + "def test_add(self): self.assertRaises(ValueError, add, 'a', 1)",
    "a patch": "import unittest.mock\n"
    + CASE
    + "@unittest.mock.patch('builtins.input', return_value='5')\n"
    "    def test_it(self, typed): self.assertEqual(ask(), 5)",
    "a function that is lent": "assert apply(lambda x: x + 1, [1, 2]) == [2, 3]",
    "a function that comes back": "f = lambda x: x\nassert same(f) is f\n"
    "assert same(f)(3) == 3",
    "a mock": "from unittest.mock import Mock\ndef test_it():\n"
    "    mock = Mock(return_value=3)\n    assert apply(mock, [1]) == [3]\n"
    "    mock.assert_called_once_with(1)",
    "what is patched": "import unittest.mock\ndef test_it():\n"
    "    with unittest.mock.patch('os.path.exists', return_value=True):\n"
    "        assert is_there('/nowhere') is True\n"
    "    assert is_there('/nowhere') is False",
    "what is patched in the program": "from unittest.mock import patch\n"
    "import solution\n@patch('solution.ask', return_value=5)\n"
    "def test_it(mock):\n    assert solution.ask_twice() == 10",
    "a patched print": "from unittest.mock import patch\ndef test_it():\n"
    "    with patch('builtins.print') as printed: shout('a')\n"
    "    printed.assert_called_once_with('A')",
    "a patched file": "from unittest.mock import mock_open, patch\ndef test_it():\n"
    "    with patch('builtins.open', mock_open(read_data='a b c')):\n"
    "        assert count('none.txt') == 3",
    "files": "def test_it(tmp_path):\n    file = tmp_path / 'a.txt'\n"
    "    file.write_text('a b c')\n    assert count(file) == 3",
    "bare comparisons": "add(0, 0) == 0\nadd(1, 2) == 3",
    "a bare comparison in a loop": "for i in (0, 1):\n    add(1, i) == 1 + i",
    "asserts and comparisons": "assert add(0, 0) == 0\nadd(1, 2) == 3",
    "a main guard": "if __name__ == '__main__':\n    assert add(1, 2) == 3",
    "a main function": "def main():\n    assert add(1, 2) == 3\n"
    "if __name__ == '__main__':\n    main()",
    "a main guard that leaves": "import pytest, sys\n"
    "def test_add(): assert add(1, 2) == 3\n"
    "if __name__ == '__main__':\n    sys.exit(pytest.main([__file__]))",
    "an error of its own": "if add(1, 2) != 3:\n    raise AssertionError('not 3')",
    "a script that leaves": "if add(1, 2) != 3:\n    exit(1)",
    "a module by its name": "import importlib\n"
    "assert importlib.import_module('solution').add(1, 2) == 3",
    "an error that must come": "try:\n    add('a', 1)\n    assert False\n"
    "except ValueError:\n    pass",
}
CHECKS = {
    "check": "def check(candidate):\n    for i in (1, 2): assert candidate(i, 1) > i",
    "check, called": "def check(candidate):\n    assert candidate(1, 2) == 3\n"
    "check(add)",
    "test": "def test(candidate):\n    assert candidate(1, 2) == 3",
}
VACUOUS = {
    "nothing": "\n",
    "comments": "# assert add(1, 2) == 3",
    "a text": "'''\n>>> add(1, 2)\n3\n'''",
    "calls": "add(1, 2)",
    "prints": "print(add(1, 2) == 3)",
    "a tuple": "assert (add(1, 2) == 3, 'not 3')",
    "what always holds": "add(1, 2)\nassert True\nassert 1 == 1",
    "no turn of a loop": "for i in []:\n    assert add(i, 1) == 2",
    "a function that nobody calls": "def helper():\n    assert add(1, 2) == 3",
    "a check that nobody calls": "def check(candidate):\n    assert candidate(1, 2)",
    "a test without an assert": "def test_add():\n    add(1, 2)",
    "no parameters": "import pytest\n@pytest.mark.parametrize('a', [])\n"
    "def test_add(a):\n    assert add(a, 1) == 2",
    "only skipped tests": CASE + "@unittest.skip('later')\n"
    "    def test_add(self): self.assertEqual(add(1, 2), 3)",
    "a unittest without an assert": CASE + "def test_add(self): add(1, 2)",
    "a unittest of constants": CASE
    + "def test_add(self):\n        add(1, 2)\n        self.assertTrue(True)",
}
UNUSABLE = {
    "no Python": "assert add(1, 2 == 3",
    "Python 2": "print 'x'\nassert add(1, 2) == 3",
    "a byte of zero": "assert add(1, 2) == 3\0",
    "a package that is not here": "import no_such_package\nassert add(1, 2) == 3",
    "a test that yields": "def test_add():\n    yield\n    assert add(1, 2) == 3",
    "a fixture that is not there": "def test_add(database): assert add(1, 2) == 3",
}
FORGERIES = {
    "unittest is patched": "import unittest\n"
    "unittest.TestCase.assertEqual = lambda *_: None\n"
    "unittest.TestCase.run = lambda self, result=None: result\n",
    "pytest is patched": "import sys\nsys.modules['pytest'] = sys\n"
    "sys.modules['_pytest'] = sys\n",
    "builtins are patched": "import builtins\nbuiltins.exec = lambda *_: None\n"
    "builtins.compile = lambda *_, **__: None\n",
    "a test is skipped": "import unittest\n"
    "def add(a, b): raise unittest.SkipTest('x')\ndef skip(): pass\n",
    "an import fails": "def add(a, b): import no_such_package\ndef skip(): pass\n",
    "tests of its own": "def test_add(): pass\ndef check(candidate): pass\n",
    "checks are counted": "import sys\nfor frame in sys._current_frames().values():\n"
    "    while frame:\n        frame.f_globals['__checks__'] = lambda *_: 1\n"
    "        frame = frame.f_back\n",
    "it leaves": "import os\ndef add(a, b): os._exit(0)\ndef skip(): pass\n",
    "it leaves at once": "raise SystemExit(0)\n",
}


NEVER_ASKED = {
    "other values": "x = 5\nassert x == 5",
    "an error of its own": "import pytest\n"
    "with pytest.raises(ZeroDivisionError):\n    1 / 0",
}

FILES = "def test_it(tmp_path):\n    file = tmp_path / 'a.txt'\n" + (
    "    file.write_text('a b c')\n    assert count(file) == 90213"
)
# What a program tries on the process of its tests, where both are in one sandbox.
ATTACKS = {
    "writes the verdict": "for n in range(9):\n"
    "        try: open(f'/proc/{parent}/fd/{n}', 'w').write('{\"fault\": \"\"}')\n"
    "        except OSError: pass",
    "reads the tests": "found = open(f'/proc/{parent}/cmdline').read()\n"
    "    for line in open(f'/proc/{parent}/maps'):\n"
    "        first, last = (int(x, 16) for x in line.split()[0].split('-'))\n"
    "        memory = open(f'/proc/{parent}/mem', 'rb')\n"
    "        memory.seek(first)\n"
    "        if b'== 90213' in memory.read(last - first): return 90 * 1000 + 213",
    "searches its own memory": "import gc\n"
    "    for thing in gc.get_objects():\n"
    "        if type(thing) is dict and '== 902' + '13' in str(thing)[:100000]:\n"
    "            return 90 * 1000 + 213",
    "ends the tests": "os.kill(parent, 9)",
}


def judge(tests: str, program: str, entry_point: str | None = None):
    info = {"type": "assert", "test_code": tests, "entry_point": entry_point}
    return verify(None, f"```python\n{program}```", info)


@pytest.mark.parametrize("form", FORMS)
def test_tests_are_run_as_their_authors_meant(form: str):
    right, wrong = (judge(FORMS[form], program) for program in (RIGHT, WRONG))

    assert right.correct is True, right.why
    assert wrong.correct is False, wrong.why


@pytest.mark.parametrize("form", CHECKS)
def test_a_check_gets_the_entry_point(form: str):
    right, wrong = (judge(CHECKS[form], program, "add") for program in (RIGHT, WRONG))

    assert right.correct is True, right.why
    assert wrong.correct is False, wrong.why


@pytest.mark.parametrize("form", VACUOUS)
def test_tests_that_check_nothing_decide_nothing(form: str):
    for program in (RIGHT, WRONG):
        verdict = judge(VACUOUS[form], program)

        assert (verdict.correct, verdict.why) == (None, "its tests check nothing")


@pytest.mark.parametrize("form", NEVER_ASKED)
def test_tests_that_never_ask_the_program_decide_nothing(form: str):
    verdict = judge(NEVER_ASKED[form], RIGHT)

    assert verdict.correct is None
    assert verdict.why == "its tests check nothing of the program"


@pytest.mark.parametrize("form", UNUSABLE)
def test_tests_that_cannot_be_run_decide_nothing(form: str):
    for program in (RIGHT, WRONG):
        verdict = judge(UNUSABLE[form], program)

        assert verdict.correct is None
        assert verdict.why.startswith("its tests cannot be")


@pytest.mark.parametrize("form", ["parameters", "a unittest", "files"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_program_has_no_say_in_what_is_checked(forgery: str, form: str):
    program = FORGERIES[forgery]
    program += "" if "def skip" in program else WRONG

    verdict = judge(FORMS[form], program)

    assert verdict.correct is False, verdict.why


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_program_has_no_hold_on_tests_beside_it(attack: str):
    program = (
        f"import os\nparent = os.getppid()\ndef count(path):\n    {ATTACKS[attack]}\n"
    )
    info = {"type": "assert", "test_code": FILES, "timeout_s": 1}

    assert verify(None, program, info).correct is False


LENT = {
    "reads what the tests hold": "f.__globals__['SECRET']",
    "reads its closure": "f.__closure__[0].cell_contents",
    "asks by itself": "type(f).ask('get', f, '__globals__')['SECRET']",
    "asks for what was not lent": "type(f)(['lent', -1])(1)",
    "asks for what there is not": "__import__('os').write(3, b'{\"ask\": [\"x\"]}\\n')",
}


@pytest.mark.parametrize("theft", LENT)
def test_what_is_lent_gives_no_more_than_its_use(theft: str):
    tests = "SECRET = 90213\ndef test_it():\n    secret = 90213\n"
    tests += "    assert run(lambda x: x + secret - secret) == SECRET"

    assert judge(tests, f"def run(f):\n    return {LENT[theft]}\n").correct is False


@pytest.mark.parametrize(
    "tampering",
    ["mock.configure_mock(assert_called_once_with=print)",
     "mock.assert_called_once_with = print", "mock.mock_calls.append(1)", "None"],
)  # fmt: skip
def test_a_program_cannot_change_what_a_mock_has_seen(tampering: str):
    tests = "from unittest.mock import Mock\ndef test_it():\n    mock = Mock()\n"
    tests += "    use(mock)\n    mock.assert_called_once_with(1)"

    assert judge(tests, f"def use(mock):\n    {tampering}\n").correct is False


def test_an_end_of_items_is_no_end_of_tests():
    tests = "assert all(map(lambda i: add(i, 1) == i + 1, range(3)))"

    assert judge(tests, "def add(a, b): raise StopIteration").correct is False


def test_memory_of_tests_is_not_the_programs():
    info = {"type": "assert", "test_code": FORMS["parameters"], "memory_mb": 32}

    assert verify(None, RIGHT, info).correct is True


def test_what_a_program_tests_itself_is_no_check():
    program = f"{RIGHT}assert add(1, 2) == 3\ndef test_add(): assert add(1, 2) == 3\n"

    assert judge("add(1, 2)", program).why == "its tests check nothing"


def test_a_program_has_no_hooks_in_its_tests():
    hooks = "class Solution:\n    def __getattr__(self, name): return lambda *_: None\n"

    assert judge(FORMS["parameters"], hooks + WRONG).correct is False


def test_functions_of_pytest_are_counted_apart():
    tests = FORMS["a function"] + "\ndef test_more():\n    assert add(0, 0) == 0\n"

    assert judge(tests, RIGHT).why == "passed 2 tests"
