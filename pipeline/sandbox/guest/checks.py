"""Counts what tests check, so that tests that check nothing can decide nothing.

Runs in the sandbox and imports nothing of ours. A check is an executed statement that
can fail: an assert, a comparison that stands alone, a call of something named `assert…`
(unittest, mocks, numpy) or `raises`, and an `if` or a `try` whose branch raises or
fails. What holds whatever the program does is none: a condition without a name, and
`assert (x, "message")`, a tuple.
"""

import ast
from types import CodeType
from typing import Any

RAISING = ("raises", "warns")


class Checks:
    """How many checks were executed; the scope of tests has it as `__checks__`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, function: Any = None) -> Any:
        self.count += 1
        return function


class Marker(ast.NodeTransformer):
    """Puts a call of `__checks__` before every check."""

    # Within `with raises(…):` and `try:`, a comparison stands alone to raise.
    guarded = 0

    def visit_Assert(self, node: ast.Assert) -> Any:
        self.generic_visit(node)
        is_check = has_names(node.test) and not isinstance(node.test, ast.Tuple)
        return [mark(node), node] if is_check else node

    def visit_Expr(self, node: ast.Expr) -> Any:
        self.generic_visit(node)
        if isinstance(node.value, ast.Compare) and not self.guarded:
            condition = ast.Assert(node.value, None)
            return self.visit_Assert(ast.copy_location(condition, node))
        return node

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        name = called_name(node)
        if name in RAISING or (name.startswith("assert") and may_fail(node)):
            node.func = count(node.func)
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        branches = node.body + node.orelse
        return [mark(node), node] if any(map(fails, branches)) else node

    def visit_With(self, node: ast.With) -> Any:
        return self.visit_guarded(node)

    def visit_Try(self, node: ast.Try) -> Any:
        self.visit_guarded(node)
        expected = node.handlers and any(map(fails, node.body + node.orelse))
        return [mark(node), node] if expected else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        node.level = 0  # what stands beside the tests is what they test
        return node

    def visit_guarded(self, node: Any) -> Any:
        self.guarded += 1
        self.generic_visit(node)
        self.guarded -= 1
        return node


def compile_marked(tree: ast.Module) -> CodeType:
    """The tests, with their checks marked."""
    marked = ast.fix_missing_locations(Marker().visit(tree))
    return compile(marked, "tests.py", "exec")


def fails(node: ast.stmt) -> bool:
    """Whether the statement says that a test has failed."""
    match node:
        case ast.Raise(ast.Call(ast.Name(name)) | ast.Name(name)):
            return name == "AssertionError"
        case ast.Assert(test):
            return not has_names(test)
        case ast.Expr(ast.Call(args=[ast.Constant(code)]) as call) if code:
            return called_name(call) in ("fail", "exit")
        case ast.Expr(ast.Call() as call):
            return called_name(call) == "fail"
    return False


def may_fail(call: ast.Call) -> bool:
    """Whether an assert that is called rests on anything beside constants.

    One of a mock, such as `printed.assert_called_with("A")`, rests on the mock.
    """
    values = [*call.args, *(each.value for each in call.keywords)]
    match call.func:
        case ast.Name() | ast.Attribute(ast.Name("self" | "cls")):
            return not values or any(map(has_names, values))
    return True


def has_names(node: ast.AST) -> bool:
    """Whether the value rests on anything beside constants."""
    return any(isinstance(each, ast.Name) for each in ast.walk(node))


def called_name(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    match call.func:
        case ast.Name(name) | ast.Attribute(_, name):
            return name
    return ""


def mark(node: ast.stmt) -> ast.stmt:
    """A statement that counts one check, at the line of `node`."""
    call = ast.Call(ast.Name("__checks__", ast.Load()), [], [])
    return ast.copy_location(ast.Expr(call), node)


def count(function: ast.expr) -> ast.expr:
    """`function`, counted when it is called."""
    call = ast.Call(ast.Name("__checks__", ast.Load()), [function], [])
    return ast.copy_location(call, function)
