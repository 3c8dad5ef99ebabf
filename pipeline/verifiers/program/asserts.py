"""Asserts taken apart into calls, so that what they expect stays out of the program.

`assert f(literals) == literal`, bare or in HumanEval's `check(candidate)`, is a
call and an expected value. A test with any other statement in it is left whole.
"""

import ast
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One test: `name(*arguments)` should be `expected`.

    `how` they are compared: `equal`, `alike` (JSON has no tuples: they are lists),
    `truth` (as a condition) or `is`.
    """

    name: str
    arguments: list[Any]
    expected: Any
    how: str = "equal"


def as_calls(code: str, name: str | None) -> list[Call]:
    """The asserts as calls with literal arguments and results; [] if one is not."""
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    for statement in list(statements):
        if isinstance(statement, ast.FunctionDef) and statement.name == "check":
            statements = [s for s in statements if s is not statement] + statement.body
    calls = []
    for statement in statements:
        if isinstance(statement, ast.Assign | ast.Expr | ast.Pass):
            if not _is_plain(getattr(statement, "value", None)):
                return []
            continue
        if not isinstance(statement, ast.Assert):
            return []
        if isinstance(statement.test, ast.Constant) and statement.test.value is True:
            continue
        call = _as_call(statement.test, name)
        if call is None:
            return []
        calls.append(call)
    return calls


def _as_call(test: ast.expr, name: str | None) -> Call | None:
    expected, how = True, "truth"
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, expected = test.operand, False
    elif isinstance(test, ast.Compare):
        right = test.comparators[0]
        if len(test.ops) > 1 or not _is_plain(right):
            return None
        if isinstance(test.ops[0], ast.Eq):
            how = "equal"
        elif isinstance(test.ops[0], ast.Is) and _is_singleton(right):
            how = "is"
        else:
            return None
        test, expected = test.left, ast.literal_eval(right)
    if not isinstance(test, ast.Call) or test.keywords:
        return None
    if not isinstance(test.func, ast.Name) or not all(map(_is_plain, test.args)):
        return None
    called = name if test.func.id == "candidate" and name else test.func.id
    arguments = [ast.literal_eval(argument) for argument in test.args]
    return Call(called, arguments, expected, how)


def _is_singleton(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (
        node.value is None or isinstance(node.value, bool)
    )


def _is_plain(node: ast.expr | None) -> bool:
    if node is None:
        return True
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
