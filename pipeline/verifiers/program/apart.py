"""Tests of any shape, run in one sandbox, with the program they test in another.

The tests call a stand-in for the function; the call travels to the program's
process as plain values, and the answer back. Objects that are not plain (a Node
that a test builds of the program's own class) stay where they are made: the tests
hold a handle, through which they read, set and call. Comparisons are made by the
tests' process, so a program's `__eq__` has no say, and nothing that the program can
reach knows whether a test has passed.
"""

import ast
import builtins
import json
from typing import Any

from pipeline.sandbox.run import run_beside
from pipeline.verifiers.program.calls import OPENING, PRELUDE, WIRE, Pace, broken

# The tests' process tells its verdict on standard output, which only it has.
TESTS = """
job = json.loads(JOB)
verdict = os.dup(1)
answers = os.fdopen(os.dup(0), "rb")
silence(0, 1)


class Gone(BaseException):
    pass


class Unspoken(BaseException):
    pass


def unspoken(value):
    raise Unspoken(type(value).__name__)


def spoken(value):
    if type(value) in (Handle, StandIn):
        return {"o": object.__getattribute__(value, "place")}
    unspoken(value)


def ask(what, place, *given):
    say([what, place, [spell(value, spoken) for value in given]])
    line = answers.readline(1 << 26)
    if not line.endswith(b"\\n"):
        raise Gone
    answer = json.loads(line)
    for mine, theirs in zip(given, answer.get("given", [])):
        restore(mine, read(theirs, Handle))
    if "raised" in answer:
        name, message = answer["raised"]
        kind = getattr(builtins, name, None)
        is_known = isinstance(kind, type) and issubclass(kind, Exception)
        raise (kind if is_known else RuntimeError)(message)
    return read(answer["value"], Handle)


def restore(mine, theirs):
    # What the program did to its arguments, the tests see.
    if type(mine) is not type(theirs) or mine == theirs:
        return
    if type(mine) is list:
        mine[:] = theirs
    elif type(mine) in (dict, set):
        mine.clear()
        mine.update(theirs)


class Handle:
    def __init__(self, place):
        object.__setattr__(self, "place", place)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return ask("get", self.place, name)

    def __setattr__(self, name, value):
        ask("set", self.place, name, value)

    def __call__(self, *given):
        return ask("call", self.place, *given)

    def __iter__(self):
        return iter(ask("list", self.place))

    def __getitem__(self, key):
        return ask("item", self.place, key)

    def __len__(self):
        return len(ask("list", self.place))

    def __str__(self):
        return str(ask("text", self.place))

    def __eq__(self, other):
        return type(other) is Handle and self.place == other.place

    __hash__ = None


class StandIn(Handle):
    def __call__(self, *given, **named):
        if named:
            return ask("named", self.place, named, *given)
        return ask("call", self.place, *given)


import builtins
scope = {"__name__": "tests"}
exec(compile(job["prelude"], "prelude.py", "exec"), scope)
said = "ended before its tests did"
try:
    if job["setup_first"]:
        try:
            exec(compile(job["setup"], "setup.py", "exec"), scope)
        except SyntaxError:
            pass
    for name in job["names"]:
        scope[name] = StandIn(name)
    if not job["setup_first"]:
        exec(compile(job["setup"], "setup.py", "exec"), scope)
    exec(compile(job["tests"], "tests.py", "exec"), scope)
    if "check" in scope and job["entry_point"]:
        scope["check"](scope[job["entry_point"]])
    said = "passed"
except Gone:
    said = "gone"
except Unspoken as error:
    said = f"unspoken {error}"
except BaseException as error:
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "tests.py":
            line = trace.tb_lineno
        trace = trace.tb_next
    said = f"{told(error).rstrip(': ')}, in line {line} of the tests"
os.write(verdict, said.encode(errors="replace"))
"""
PROGRAM = """
job = json.loads(JOB)
asked = os.fdopen(os.dup(0), "rb")
silence(0, 1)
scope = load(job)
kept = []


def keep(value):
    kept.append(value)
    return {"o": len(kept) - 1}


def recall(place):
    return found(scope, place) if isinstance(place, str) else kept[place]


def done(what, place, given):
    it = recall(place)
    if what == "call":
        return it(*given)
    if what == "named":
        return it(*given[1:], **given[0])
    if what == "get":
        return getattr(it, given[0])
    if what == "set":
        return setattr(it, *given)
    if what == "list":
        return list(itertools.islice(it, 1_000_000))
    if what == "item":
        return it[given[0]]
    return str(it)


import itertools
for line in asked:
    what, place, given = json.loads(line)
    given = [read(value, recall) for value in given]
    try:
        answer = {"value": spell(done(what, place, given), keep)}
    except BaseException as error:
        answer = {"raised": [type(error).__name__, str(error)[:200]]}
    answer["given"] = [spell(value, keep) for value in given]
    say(answer)
"""


def judged_apart(
    program: str, setup: str, entry_point: str | None, tests: str, pace: Pace
) -> str:
    """What is wrong with the program, "" where its tests pass.

    A ValueError where the tests hand over what cannot leave their process.
    """
    names = stand_ins(tests, setup, entry_point)
    job = {
        "prelude": PRELUDE,
        "setup": setup,
        "setup_first": bool(entry_point),
        "tests": tests,
        "entry_point": entry_point,
        "names": names,
    }
    ran = run_beside(
        _script(job, TESTS),
        _script({"prelude": PRELUDE, "program": program}, PROGRAM),
        limits=pace.limits(),
    )
    said = ran.out.decode(errors="replace")
    if said.startswith("unspoken"):
        raise ValueError(f"the tests hand over a {said.split()[-1]}")
    if said == "gone":
        return "the program ended before its tests did"
    if said == "passed" and not broken(ran):
        return ""
    return said or broken(ran) or "ended before its tests did"


def _script(job: dict[str, Any], harness: str) -> str:
    return f"JOB = {json.dumps(job)!r}\n{WIRE}{OPENING}{harness}"


def stand_ins(tests: str, setup: str, entry_point: str | None) -> list[str]:
    """The names that the tests take from the program.

    Those that nothing else defines, and the entry point; where everything is
    defined, the tested function bears the name of a library's, and it is what
    every assert calls.
    """
    known = {*vars(builtins), *_defined(PRELUDE)}
    own = _defined(tests) | (_defined(setup) if entry_point else set())
    trees = [_parsed(tests), *([] if entry_point else [_parsed(setup)])]
    used = {
        node.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    names = used - known - own - (set() if entry_point else _defined(setup))
    if entry_point:
        return sorted({*names, entry_point})
    return sorted(names) or sorted(_called_by_all(_parsed(tests)))


def _called_by_all(tree: ast.Module) -> set[str]:
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    called = [
        {
            node.func.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for statement in asserts
    ]
    return set.intersection(*called) - set(vars(builtins)) if called else set()


def _defined(code: str) -> set[str]:
    """The names that `code` binds anywhere; of star imports, what they bring."""
    found: set[str] = set()
    for node in ast.walk(_parsed(code)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= _imported(node)
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = {(a.asname or a.name).partition(".")[0] for a in node.names}
    if "*" not in names or not isinstance(node, ast.ImportFrom):
        return names
    from importlib import import_module

    module = import_module(node.module or "") if node.module in STARRED else None
    if module is None:
        return set()
    return set(getattr(module, "__all__", None) or vars(module))


STARRED = {"bisect", "collections", "functools", "heapq", "itertools", "math", "typing"}


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
