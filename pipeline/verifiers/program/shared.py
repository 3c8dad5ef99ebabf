"""What tests share with the program that cannot pass between two processes.

What the program prints and reads passes (`pipeline/sandbox/guest/terminal.py`), so that
tests may patch `input`, `sys.stdin` and `sys.stdout` and catch what is printed. Files
are shared where both processes are in one sandbox (`side_by_side.py`). Other patches
and the environment do not pass.
"""

import ast

TERMINAL = {"builtins.input", "sys.stdin", "sys.stdout"}
FILES = {"open", "tempfile", "tmp_path", "tmpdir"}
SHARED = FILES | {"environ", "chdir", "capfd", "caplog"}
PATCHES = {"patch", "monkeypatch"}


def find_shared(tests: str) -> set[str]:
    """Names by which `tests` change what the program should find changed."""
    try:
        nodes = list(ast.walk(ast.parse(tests)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    patches = {_patched(node) for node in nodes if isinstance(node, ast.Call)}
    return SHARED.intersection(map(_name, nodes)) | (patches - TERMINAL - {""})


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(_, name) | ast.arg(name):
            return name
        case ast.alias(name):
            return name.partition(".")[0]
    return ""


def _patched(call: ast.Call) -> str:
    """What a call of `patch`, or of a method of one, patches; "" if it is another."""
    names = {_name(node) for node in ast.walk(call.func)}
    if not names & PATCHES:
        return ""
    match call.args:
        case [ast.Constant(str(target)), *_]:
            return target
        case [ast.Name(module), ast.Constant(str(name)), *_]:
            return f"{module}.{name}"
    return "what they patch"
