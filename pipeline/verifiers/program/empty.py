"""The program that does nothing: what passes with it has tests that test nothing.

Every name that the tests take from a program is there and returns None; a program that
is run for what it prints prints nothing.
"""

import ast
import sys
from typing import Any

from pipeline.verifiers.program.wall import find_brought, find_stand_ins

CPP = "int main() { return 0; }\n"
SOLUTION = """\
class Solution:
    def __getattr__(self, name):
        return lambda *arguments, **named: None
"""
FUNCTION = "def {}(*arguments, **named):\n    return None\n"


def write_empty(info: dict[str, Any]) -> str:
    """A completion with the empty program for the tests of `info`."""
    if info["type"] == "stdio":
        is_cpp = info.get("language") == "cpp"
        return f"```cpp\n{CPP}```" if is_cpp else "```python\npass\n```"
    names = {name for name in _wanted_names(info) if name.isidentifier()} - {"Solution"}
    return f"```python\n{SOLUTION}{''.join(map(FUNCTION.format, sorted(names)))}```"


def _wanted_names(info: dict[str, Any]) -> set[str]:
    """The names that the tests take from the program, and a few more."""
    if info["type"] == "call":
        return {info["fn_name"]}
    tests, setup = info["test_code"], info.get("setup") or ""
    names = set(find_stand_ins(tests, setup, info.get("entry_point")))
    names |= set(find_brought(tests, setup))
    try:
        nodes = list(ast.walk(ast.parse(tests)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return names
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not _is_library(node.module):
            names |= {each.name for each in node.names}
    return names


def _is_library(module: str | None) -> bool:
    return (module or "").partition(".")[0] in sys.stdlib_module_names
