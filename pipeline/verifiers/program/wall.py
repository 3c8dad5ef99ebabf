"""Tests of any shape, run in one sandbox, with the program they test in another.

The tests call a stand-in for the function; the call travels to the program's
process as plain values, and the answer back. Objects that are not plain (a Node
that a test builds of the program's own class) stay where they are made: the tests
hold a handle, through which they read, set and call. Comparisons are made by the
tests' process, so a program's `__eq__` has no say, and nothing that the program can
reach knows whether a test has passed.

What runs on either side of the wall is `tests_apart.py` and `program_apart.py` in
`pipeline/sandbox/guest`.
"""

import ast
import builtins
from importlib import import_module

from pipeline.sandbox.guests import guest_call, guest_source
from pipeline.sandbox.run import run_beside
from pipeline.verifiers.program.calls import TimeLimits, describe_failure

# Modules whose names are known where `from … import *` brings them.
STARRED = {"bisect", "collections", "functools", "heapq", "itertools", "math", "typing"}


def find_fault_apart(
    program: str, setup: str, entry_point: str | None, tests: str, limits: TimeLimits
) -> str:
    """What is wrong with the program, "" where its tests pass.

    A ValueError where the tests hand over what cannot leave their process.
    """
    prelude = guest_source("prelude")
    job = {
        "prelude": prelude,
        "setup": setup,
        "tests": tests,
        "entry_point": entry_point,
        "names": find_stand_ins(tests, setup, entry_point),
    }
    run = run_beside(
        guest_call("tests_apart", job),
        guest_call("program_apart", {"prelude": prelude, "program": program}),
        limits=limits.process_limits(),
    )
    verdict = run.stdout.decode(errors="replace")
    if verdict.startswith("not sendable"):
        raise ValueError(f"the tests hand over a {verdict.split()[-1]}")
    if verdict == "gone":
        return "the program ended before its tests did"
    failure = describe_failure(run)
    if verdict == "passed":
        return failure
    return verdict or failure or "ended before its tests did"


def find_stand_ins(tests: str, setup: str, entry_point: str | None) -> list[str]:
    """The names that the tests take from the program, sorted.

    Those that nothing else defines, and the entry point; where everything is
    defined, the tested function bears the name of a library's, and it is what
    every assert calls.
    """
    defined = {*vars(builtins), *_defined_names(guest_source("prelude"))}
    defined |= _defined_names(tests) | _defined_names(setup)
    used = _used_names(tests) | (set() if entry_point else _used_names(setup))
    names = used - defined
    if entry_point:
        return sorted({*names, entry_point})
    return sorted(names or _names_in_all_asserts(tests))


def _used_names(code: str) -> set[str]:
    return {
        node.id
        for node in ast.walk(_parse(code))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def _names_in_all_asserts(tests: str) -> set[str]:
    """The functions that every assert calls."""
    called = [
        {
            node.func.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for statement in ast.walk(_parse(tests))
        if isinstance(statement, ast.Assert)
    ]
    return set.intersection(*called) - set(vars(builtins)) if called else set()


def _defined_names(code: str) -> set[str]:
    """The names that `code` binds anywhere; of star imports, what they bring."""
    names: set[str] = set()
    for node in ast.walk(_parse(code)):
        match node:
            case ast.FunctionDef(name) | ast.ClassDef(name) | ast.arg(name):
                names.add(name)
            case ast.AsyncFunctionDef(name) | ast.Name(name, ast.Store()):
                names.add(name)
            case ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Import() | ast.ImportFrom():
                names |= _imported_names(node)
    return names


def _imported_names(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = {(a.asname or a.name).partition(".")[0] for a in node.names}
    if "*" not in names or not isinstance(node, ast.ImportFrom):
        return names
    if node.module not in STARRED:
        return set()
    module = import_module(node.module or "")
    return set(getattr(module, "__all__", None) or vars(module))


def _parse(code: str) -> ast.Module:
    """The tree of `code`; an empty one where it is no Python."""
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
