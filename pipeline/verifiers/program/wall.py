"""Tests of any shape, run in one sandbox, with the program they test in another.

The tests call a stand-in for the function; the call travels to the program's process,
and the answer back. Objects of the program stay there, and the tests hold what stands
for them. Plain values are compared by the tests' process, where what a program's
`__eq__` says about a value of the tests is no verdict, and nothing that the program can
reach knows whether a test has passed.

What runs on either side of the wall is `tests_apart.py` and `program_apart.py` in
`pipeline/sandbox/guest`; docs/sandbox.md says what crosses and what is believed.
"""

import ast
import builtins
import doctest
import json
import re
import symtable
from contextlib import suppress
from functools import cache
from importlib import import_module

from pipeline.sandbox.guests import guest_code, guest_source
from pipeline.sandbox.run import run_beside
from pipeline.verifiers.program.calls import (
    START_S,
    Bounds,
    Undecidable,
    describe_failure,
)
from pipeline.verifiers.program.shared import FILES, LOGS, find_shared

# Modules whose names are known where `from … import *` brings them.
STAR = re.compile(r"^\s*from (\w+) import \*", re.M)
COLLECTED = re.compile(r"\bpytest\b|\bdef test|\bclass Test|\bTestCase\b")
STARRED = {"bisect", "collections", "functools", "heapq", "itertools", "math", "typing"}


def find_fault_apart(
    program: str, setup: str, entry_point: str | None, tests: str, limits: Bounds
) -> str:
    """What is wrong with the program, "" where its tests pass.

    Undecidable where they say nothing about any program, or share with it what cannot
    leave their process, such as what they patch by a name that they compute.
    """
    shared, patched = find_shared(tests)
    if others := shared - FILES - LOGS:
        raise Undecidable(f"its tests share {min(others)}")
    logs = bool(shared & LOGS)
    prelude = guest_source("prelude")
    job = {
        "prelude": prelude,
        "setup": setup,
        "tests": tests,
        "entry_point": entry_point,
        "names": find_stand_ins(tests, setup, entry_point),
        "brought": find_brought(tests, setup),
        "patched": patched,
    }
    own = limits.process_limits(start_s=START_S)
    run = run_beside(
        guest_code("tests_apart", job),
        guest_code(
            "program_apart", {"prelude": prelude, "program": program, "logs": logs}
        ),
        limits=own,
        packages=limits.packages,
        runner=runner_of(tests),
        shares_files=bool(shared & FILES),
    )
    limits.count(run)
    if not run.stdout:
        return describe_failure(run) or "ended before its tests did"
    verdict = json.loads(run.stdout)
    if why := verdict.get("undecided"):
        raise Undecidable(why)
    if kind := verdict.get("unsendable"):
        raise Undecidable(f"its tests hand over a {kind}")
    return verdict["fault"] or describe_failure(run)


def runner_of(tests: str) -> tuple[str, ...]:
    """The package that runs what the tests may have it collect; none for a script."""
    return ("pytest",) if COLLECTED.search(tests) else ()


def find_stand_ins(tests: str, setup: str, entry_point: str | None) -> list[str]:
    """The names that the tests take from the program, sorted.

    Those that nothing else defines, and the entry point; where everything is
    defined, the tested function bears the name of a library's, and it is what
    every assert calls.
    """
    used, _ = _global_names(tests)
    names = _open_names(tests, "" if entry_point else setup, setup) - _brought_names()
    if entry_point:
        return sorted({*names, entry_point})
    return sorted(names or (_names_in_all_asserts(tests) if used else ()))


def find_brought(tests: str, setup: str) -> list[str]:
    """The names that tests use and only the prelude defines, sorted.

    A program that defines one, such as `count` or `Counter`, is meant by it: where the
    tests come from, there is no prelude.
    """
    return sorted(_open_names(tests, setup, setup) & _brought_names())


def _open_names(tests: str, users: str, setup: str) -> set[str]:
    """The names that tests, or what stands before them, use and do not define."""
    used, defined = _global_names(tests)
    names = used | _global_names(users)[0]
    names -= {*vars(builtins), *defined, *_global_names(setup)[1]}
    return {name for name in names if not name.startswith("__")}


@cache
def _brought_names() -> set[str]:
    return _global_names(guest_source("prelude"))[1]


def _global_names(code: str) -> tuple[set[str], set[str]]:
    """The global names that `code` uses, and those that it defines or imports.

    None where it is no Python. Examples in texts (doctest) are code, too.
    """
    try:
        code = "\n".join([code, *_list_examples(code)])
        tables = [symtable.symtable(code, "tests.py", "exec")]
    except (SyntaxError, ValueError, RecursionError):
        return set(), set()
    used: set[str] = set()
    defined: set[str] = set()
    for table in tables:
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is tables[0] or symbol.is_global():
                used |= {symbol.get_name()} if symbol.is_referenced() else set()
                is_defined = symbol.is_assigned() or symbol.is_imported()
                defined |= {symbol.get_name()} if is_defined else set()
    for name in STARRED.intersection(STAR.findall(code)):
        module = import_module(name)
        defined |= set(getattr(module, "__all__", None) or vars(module))
    return used, defined


def _list_examples(code: str) -> list[str]:
    """What stands behind `>>>` in texts of `code`, where it is Python."""
    examples = []
    for node in ast.walk(ast.parse(code)) if ">>>" in code else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            with suppress(SyntaxError, ValueError):
                for each in doctest.DocTestParser().get_examples(node.value):
                    ast.parse(each.source)
                    examples.append(each.source)
    return examples


def _names_in_all_asserts(tests: str) -> set[str]:
    """The functions that every assert calls."""
    called = [
        {
            node.func.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        for statement in ast.walk(ast.parse(tests))
        if isinstance(statement, ast.Assert)
    ]
    return set.intersection(*called) - set(vars(builtins)) if called else set()
