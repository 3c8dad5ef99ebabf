"""Programs that try to be right without being it: none gets a verdict.

What is asked for is a + b + 90210, a number that no program says: those that
search for it know what it looks like.
"""

import platform
import shutil

import pytest

from pipeline.sandbox.run import run_python
from pipeline.verifiers.code import verify
from pipeline.verifiers.program.calls import IDLE

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
CALL = {
    "type": "call",
    "fn_name": "add",
    "tests": [{"input": [1, 2], "output": 90213}, {"input": [7, 8], "output": 90225}],
}
CHECK = {
    "type": "assert",
    "setup": "def add(a, b):\n    '''Add.'''\n",
    "entry_point": "add",
    "test_code": "def check(candidate):\n    assert candidate(1, 2) == 90213\n"
    "    assert candidate(7, 8) == 90225\n",
}
BARE = {
    "type": "assert",
    "setup": "",
    "test_code": "assert add(1, 2) == 90213\nassert add(7, 8) == 90225",
}
LOOP = CHECK | {
    "test_code": "def check(candidate):\n    for i in range(5):\n"
    "        assert candidate(i, i + 8) == 90218 + 2 * i\n"
    "        assert abs(candidate(i, 0.5) - (i + 90210.5)) < 1e-6\n"
}
DOUBTED = "its tests compare an object of the program"
LIST = BARE | {"test_code": "assert [add(i, 1) for i in (7, 8)] == [90218, 90219]"}
STDIO = {
    "type": "stdio",
    "tests": [
        {"input": "1 2\n", "output": "90213\n"},
        {"input": "7 8\n", "output": "90225\n"},
    ],
}
SHAPES = {
    "call": CALL, "check": CHECK, "bare": BARE, "loop": LOOP, "list": LIST,
    "stdio": STDIO,
}  # fmt: skip
ADD_NOTHING = "\ndef add(a, b): return None\n"
ANY = (
    "class Any:\n    def __eq__(self, other): return True\n"
    "    __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __eq__\n"
    "    def __sub__(self, other): return self\n    __rsub__ = __sub__\n"
    "    def __abs__(self): return self\n    def __hash__(self): return 0\n"
    "    def __bool__(self): return True\n    def __iter__(self): return iter([self])\n"
)
FORGERIES = {
    "exits early": "import sys\nsys.exit(0)",
    "exits hard": "import os\nos._exit(0)",
    "exits in the call": "import os\ndef add(a, b): os._exit(0)",
    "kills itself": "import os\nos.kill(os.getpid(), 9)",
    "equals everything": ANY + "def add(a, b): return Any()",
    "equals everything, as a number": ANY.replace("Any:", "Any(int):")
    + "def add(a, b): return Any(7)",
    "equals everything, as a class": ANY.replace("Any:", "Any(type):")
    + "class Same(metaclass=Any): pass\ndef add(a, b): return Same",
    "lies in repr": "class Any(int):\n    def __repr__(self): return '90213'\n"
    "    __str__ = __repr__\ndef add(a, b): return Any(7)",
    "patches the tools": "import ast, json, os\n"
    "ast.literal_eval = json.loads = lambda *x: 90213\njson.dumps = lambda x: '90213'\n"
    + ADD_NOTHING,
    "patches os.write": "import os\nos.write = lambda fd, text: len(text)"
    + ADD_NOTHING,
    "patches builtins": "import builtins\nbuiltins.abs = builtins.repr = "
    "builtins.print = builtins.len = lambda *x, **y: 0\n"
    "builtins.AssertionError = builtins.isinstance = type" + ADD_NOTHING,
    "patches AssertionError": "import builtins\n"
    "class Never(Exception):\n    def __init__(self, *x): import os; os._exit(0)\n"
    "builtins.AssertionError = AssertionError = Never" + ADD_NOTHING,
    "raises BaseException": "def add(a, b): raise BaseException('passed')",
    "raises SystemExit": "def add(a, b): raise SystemExit(0)",
    "raises AssertionError": "def add(a, b): raise AssertionError('passed')",
    "raises at import": "raise SystemExit",
    "prints markers": "print('passed')\nprint('passed 2 tests')\n"
    "print('</tests>\\nOK\\n{\"value\": 90213}')" + ADD_NOTHING,
    "prints everything": "for i in range(90000, 90300): print(i)" + ADD_NOTHING,
    "writes all descriptors": "import os\nfor text in (b'passed', b'True\\n', "
    'b\'{"value": true}\\n\', b\'{"raised": ["", ""]}\\n\'):\n'
    "    for fd in range(60):\n        try: os.write(fd, text)\n"
    "        except OSError: pass\n" + ADD_NOTHING,
    "floods the channel": "import os\nfor fd in range(3, 60):\n"
    "    try: os.write(fd, b'{}\\n' * 999)\n    except OSError: pass\n" + ADD_NOTHING,
    "deletes the work": "import shutil\nfor f in ('/job', '/tmp', '/zygote.py'):\n"
    "    shutil.rmtree(f, ignore_errors=True)\n" + ADD_NOTHING,
    "fake result file": "import os\nfor f in ('result', 'out.json', 'done'):\n"
    "    with open('/tmp/' + f, 'w') as file: file.write('{\"passed\": true}')\n"
    + ADD_NOTHING,
    "exit handler": "import atexit, os\natexit.register(os._exit, 0)" + ADD_NOTHING,
    "own check": "def check(candidate): pass" + ADD_NOTHING,
    "own tests": "import sys\nsys.modules['tests'] = sys\n"
    "check = assert_ = abs = lambda *x: 0" + ADD_NOTHING,
    "patches frames": "import sys\ndef add(a, b):\n    frame = sys._getframe()\n"
    "    while frame:\n"
    "        for name in ('verdict', 'reply', 'answer', 'value', 'expected'):\n"
    "            if name in frame.f_locals or name in frame.f_globals:\n"
    "                frame.f_globals[name] = {'value': 90213}\n"
    "        frame = frame.f_back\n",
    "traces": "import sys\nsys.settrace(lambda *x: None)\n"
    "sys.excepthook = lambda *x: None" + ADD_NOTHING,
    "reads expected from frames": "import sys\ndef add(a, b):\n"
    "    frame = sys._getframe()\n    while frame:\n"
    "        for place in (frame.f_locals, frame.f_globals):\n"
    "            for name in ('expected', 'output', 'outputs', 'tests', 'calls'):\n"
    "                if name in place:\n"
    "                    for pair in place[name]:\n"
    "                        if type(pair) is dict and 'output' in pair:\n"
    "                            return pair['output']\n"
    "                        if type(pair) in (list, tuple) and len(pair) > 2:\n"
    "                            return pair[2]\n"
    "        frame = frame.f_back\n",
    "reads expected from the heap": "import gc\ndef add(a, b):\n"
    "    for thing in gc.get_objects():\n"
    "        if type(thing) is dict and 'output' in thing and 'input' in thing:\n"
    "            return thing['output']\n"
    "        if type(thing) is dict and 'token' in thing: return thing['token']\n",
    "reads expected from memory": "import re\ndef add(a, b):\n    hits = []\n"
    "    for line in open('/proc/self/maps'):\n"
    "        first, last = (int(x, 16) for x in line.split()[0].split('-'))\n"
    "        with open('/proc/self/mem', 'rb') as memory:\n"
    "            try: memory.seek(first); data = memory.read(last - first)\n"
    "            except (OSError, ValueError, OverflowError): continue\n"
    "        hits += re.findall(rb'902[12][0-9]', data)\n"
    "    if hits: return 90 * 1000 + 210 + a + b\n"
    "print(add(*map(int, input().split())))",
    "reads expected from disk": "import os, re\ndef add(a, b):\n"
    "    for folder in ('/job', '/tmp', '/dev', '/proc/1/cwd', '/proc/self/fd'):\n"
    "        for base, _, files in os.walk(folder):\n"
    "            for file in files:\n"
    "                path = os.path.join(base, file)\n"
    "                if not os.path.isfile(path): continue\n"
    "                try: text = open(path).read()\n"
    "                except (OSError, ValueError): continue\n"
    "                if re.search('902[12][0-9]', text):\n"
    "                    return 90 * 1000 + 210 + a + b\n"
    "print(add(*map(int, input().split())))",
    "daemon thread": "import os, threading\n"
    "def late():\n    for _ in range(999):\n"
    "        for fd in range(3, 30):\n            try: os.write(fd, b'passed')\n"
    "            except OSError: pass\n"
    "threading.Thread(target=late, daemon=True).start()" + ADD_NOTHING,
    "grandchild": "import os\nif os.fork() == 0:\n    while True:\n"
    "        for fd in range(30):\n            try: os.write(fd, b'passed')\n"
    "            except OSError: pass\n" + ADD_NOTHING,
    "parent leaves": "import os\nif os.fork(): os._exit(0)" + ADD_NOTHING,
    "becomes another": "import os\nos.execv('/bin/true', ['true'])",
    "closes all": "import os\nos.closerange(0, 99)" + ADD_NOTHING,
    "deaf": "import sys\nsys.stdin.close(); sys.stdout.close()" + ADD_NOTHING,
    "odd encoding": "# -*- coding: latin-1 -*-\nprint('\\udc80')" + ADD_NOTHING,
    "answers with a handle": "import os\nfor fd in range(3, 9):\n"
    '    try: os.write(fd, b\'{"value": {"o": 1}}\\n\' * 9)\n'
    "    except OSError: pass\n" + ADD_NOTHING,
    "recursion": "def add(a, b): return add(b, a)",
    "endless list": "def add(a, b):\n    while True: yield 90213",
    "own list": "def add(a, b):\n    x = []\n    x.append(x)\n    return x",
}


@pytest.mark.skipif(platform.system() != "Linux", reason="Linux's sandbox")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FORGERIES)
def test_a_verdict_cannot_be_forged(name: str, shape: str):
    info = SHAPES[shape] | {"timeout_s": 0.5, "memory_mb": 256}

    verdict = verify(None, f"```python\n{FORGERIES[name]}\n```", info)

    # One that never answers, and waits, is undecided; so is what an object says of the
    # tests' values.
    assert verdict.correct is False or verdict.why in (IDLE, DOUBTED), verdict.why
    assert verdict.why != DOUBTED or name.startswith("equals everything")


@pytest.mark.parametrize("shape", SHAPES)
def test_an_honest_program_gets_it(shape: str):
    honest = "def add(a, b): return a + b + 90210\n"
    if shape == "stdio":
        honest += "print(add(*map(int, input().split())))"

    verdict = verify(None, honest, SHAPES[shape])

    assert verdict.correct is True, verdict.why


def test_what_is_searched_for_would_be_found_in_the_programs_memory():
    """The tests above would be worth little if this attack were no attack."""
    program = FORGERIES["reads expected from memory"].rpartition("print")[0]

    run = run_python(f"tests = 'add(1, 2) == 90213'\n{program}print(add(1, 2))")

    assert run.stdout == b"90213\n"


LATER = "def seen():\n    try: return len(open('/tmp/seen').read())\n"
LATER += "    except OSError: return 0\n"


def test_one_test_leaves_nothing_for_the_next():
    program = (
        LATER
        + "print(90213 if not seen() else 90225)\nopen('/tmp/seen', 'w').write('x')"
    )

    verdict = verify(None, program, STDIO)

    assert verdict.why == "test 2: wrong output"
