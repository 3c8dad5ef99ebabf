"""What tests share with the program, and how it passes between two processes.

What the program prints and reads passes (`pipeline/sandbox/guest/terminal.py`), and so
does what it warns of and logs (`notices.py`), what the tests patch by a name that can
be read here (`lending.py`), and the environment (`surroundings.py`). Files are shared
where both processes are in one sandbox (`side_by_side.py`). Other patches, and what is
captured by its descriptor, do not pass.
"""

import ast

TERMINAL = {"builtins.input", "sys.stdin", "sys.stdout"}
FILES = {"open", "tempfile", "tmp_path", "tmpdir", "chdir"}
LOGS = {"logging", "caplog", "assertLogs", "assertNoLogs"}
SHARED = FILES | LOGS | {"capfd"}
PATCHES = {"patch", "monkeypatch"}
UNREADABLE = "what they patch"
# Methods of patches that change what passes anyway: dicts, and the environment.
PASSING = {"dict", "setenv", "delenv", "setitem", "delitem", "chdir", "context", "undo"}


def find_shared(tests: str) -> tuple[set[str], list[str]]:
    """Names of what `tests` share with the program, and targets of their patches."""
    try:
        nodes = list(ast.walk(ast.parse(tests)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(), []
    modules = _list_modules(nodes)
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    targets = {_patched(call, modules) for call in calls} - TERMINAL - {""}
    shared = SHARED.intersection(map(_name, nodes)) | (targets & {UNREADABLE})
    return shared, sorted(targets - {UNREADABLE})


def _name(node: ast.AST) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(_, name) | ast.arg(name):
            return name
        case ast.alias(name):
            return name.partition(".")[0]
    return ""


def _list_modules(nodes: list[ast.AST]) -> dict[str, str]:
    """What names that are imported stand for."""
    modules = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for each in node.names:
                first = each.name.partition(".")[0]
                modules[each.asname or first] = each.name if each.asname else first
        elif isinstance(node, ast.ImportFrom):
            for each in node.names:
                name = each.asname or each.name
                modules[name] = f"{node.module or 'solution'}.{each.name}"
    return modules


def _patched(call: ast.Call, modules: dict[str, str]) -> str:
    """What a call of `patch`, or of a method of one, patches; "" if it is another."""
    names = {_name(node) for node in ast.walk(call.func)}
    if not names & PATCHES:
        return ""
    match call.func, call.args:
        case [ast.Attribute(_, method), _] if method in PASSING:
            return ""
        case [ast.Name("patch") | ast.Attribute(_, "patch" | "setattr"), args] if (
            args and isinstance(args[0], ast.Constant) and "." in str(args[0].value)
        ):
            return str(args[0].value)
        case [
            ast.Attribute(_, "object" | "setattr"),
            [owner, ast.Constant(str(name)), *_],
        ]:
            first, _, rest = ast.unparse(owner).partition(".")
            if first in modules:
                return ".".join(filter(None, [modules[first], rest, name]))
            return ""  # an object of the tests' or of the program: it passes itself
    return UNREADABLE
