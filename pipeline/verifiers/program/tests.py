"""The tests of a row, as `verify_info` holds them: plain, by columns or packed.

Packed tests are what LiveCodeBench calls private ones: JSON, pickled as a text,
compressed, in base64. Its text is read here and nothing of the pickle runs.

Asserts are taken apart into calls, so that what they expect stays out of the program:
`assert f(literals) == literal`, bare or in HumanEval's `check(candidate)`, is a call
and an expected value. A test with any other statement in it is left whole.
"""

import ast
import base64
import binascii
import json
import pickletools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.verifiers.program.results import Policy

# Bytes that the packed tests of a row may have; kilobytes of zeros fill no memory.
LARGEST = 1 << 28
PIECE = 1 << 20
# Members of a set or an object that is built here: hashes may collide.
MOST_MEMBERS = 1_000
# What a pickle of one text holds beside it.
LAYOUT = ("PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP")
CPP = re.compile(r"(?:cpp|c\+\+|cc|cxx|c)(?:\d\d)?|gnu\+\+\d*")
PYTHON = re.compile(r"|py|(?:python|pypy)[\d.-]*|ipython3?|sage")


@dataclass(frozen=True)
class Call:
    """One test: `name(*arguments)` should be `expected`.

    `how` they are compared: `equal`, `alike` (JSON has no tuples: they are lists),
    `any_order` (alike, and a list's members may be in any order), `truth` (as a
    condition) or `is`.
    """

    name: str
    arguments: list[Any]
    expected: Any
    how: str = "equal"


def read_tests(info: dict[str, Any]) -> list[dict[str, Any]]:
    """The tests, each with input and output; a ValueError says what is wrong.

    A call's input is the list of its arguments, or a text with one a line, in JSON,
    as LiveCodeBench has them; then its output is JSON too.
    """
    tests = _expand(info.get("tests"))
    if not tests:
        raise ValueError("expected a list of tests")
    says_what_is_right = info.get("reference") or info.get("checker")
    needed = {"input"} if says_what_is_right else {"input", "output"}
    if any(not isinstance(t, dict) or needed - set(t) for t in tests):
        raise ValueError(f"every test needs {' and '.join(sorted(needed))}")
    return [_read_call(test) for test in tests] if info.get("type") == "call" else tests


def _expand(tests: Any, largest: int = LARGEST) -> list[Any]:
    """A list of tests out of texts, columns, and lists of such."""
    if isinstance(tests, str):
        return _expand(unpack(tests, largest), largest)
    if isinstance(tests, dict) and "inputs" in tests:
        return _from_columns(tests)
    if not isinstance(tests, list):
        raise ValueError("expected a list of tests")
    share = largest // (sum(isinstance(test, str) for test in tests) or 1)
    parts = [
        _expand(test, share) if isinstance(test, str) else [test] for test in tests
    ]
    return [test for part in parts for test in part]


def _read_call(test: dict[str, Any]) -> dict[str, Any]:
    arguments, output = test["input"], test.get("output")
    if isinstance(arguments, str):
        # Not `splitlines`: a text in JSON may hold other line ends as they are.
        arguments = [json.loads(line) for line in arguments.split("\n") if line.strip()]
        output = json.loads(output) if isinstance(output, str) else output
    if not isinstance(arguments, list | tuple):
        raise ValueError("the input of a call is the list of its arguments")
    return {"input": list(arguments), "output": output}


def _from_columns(tests: dict[str, Any]) -> list[dict[str, Any]]:
    """APPS and TACO keep inputs and outputs as two lists."""
    inputs, outputs = tests["inputs"], tests.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        raise ValueError("expected inputs and outputs, two lists")
    if len(inputs) != len(outputs):
        raise ValueError("there are not as many inputs as outputs")
    return [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]


def unpack(text: str, largest: int = LARGEST) -> Any:
    """JSON, plain or compressed in base64, pickled as a text or not.

    A ValueError where it is none of these, or larger than `largest` bytes.
    """
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        data = base64.b64decode(text, validate=True)
        if data[:2] == b"\x1f\x8b" or data[:1] == b"\x78":
            data = _inflate(data, largest)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"neither JSON nor packed: {error}") from error
    return json.loads(_read_pickle(data) if data[:1] == b"\x80" else data.decode())


def _inflate(data: bytes, largest: int) -> bytes:
    """What zlib or gzip compressed; it is measured before memory is taken for it."""
    inflater, size, left = zlib.decompressobj(zlib.MAX_WBITS | 32), 0, data
    while left and not inflater.eof and size <= largest:
        size += len(inflater.decompress(left, PIECE))
        left = inflater.unconsumed_tail
    if not inflater.eof or size > largest:
        raise ValueError(f"cut off, or larger than {largest:,} bytes when unpacked")
    return zlib.decompress(data, zlib.MAX_WBITS | 32, size)


def _read_pickle(data: bytes) -> str:
    """The one text in a pickle, which is read and never run."""
    parts = [(code.name, value) for code, value, _ in pickletools.genops(data)]
    match [part for part in parts if part[0] not in LAYOUT]:
        case [("SHORT_BINUNICODE" | "BINUNICODE" | "BINUNICODE8", str(text))]:
            return text
    raise ValueError("a pickle may hold text alone")


def read_policy(info: dict[str, Any]) -> Policy:
    """How output is compared."""
    names = Policy.__dataclass_fields__.keys() & info.keys()
    return Policy(**{name: info[name] for name in names})


def language_of(fence: str, program: str) -> str:
    """The language of a fenced block: python, cpp, or "" for another."""
    if CPP.fullmatch(fence.lower()) or (not fence and "#include" in program):
        return "cpp"
    return "python" if PYTHON.fullmatch(fence.lower()) else ""


def calls_in_asserts(code: str, entry_point: str | None) -> list[Call]:
    """The asserts as calls with literal arguments and results; [] if one is not."""
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError):
        return []
    calls = []
    for statement in _in_order(statements, entry_point):
        match statement:
            case ast.Pass() | ast.Assert(ast.Constant(True)):
                continue
            case ast.Assign(value=value) | ast.Expr(value) if _is_literal(value):
                continue
            case ast.ImportFrom("solution", names) if not any(n.asname for n in names):
                continue
            case ast.Assert(test) | ast.Expr(ast.Compare() as test) if call := (
                _read_condition(test, entry_point)
            ):
                calls.append(call)
            case _:
                return []
    return calls


def _in_order(
    statements: list[ast.stmt], entry_point: str | None
) -> Iterator[ast.stmt]:
    """The statements as they run: at last those of `check`, and of pytest's functions.

    A function that runs in another way is left whole.
    """
    last: list[ast.stmt] = []
    for statement in statements:
        match statement:
            case ast.FunctionDef("check", body=body) if entry_point:
                last = body + last
            case ast.FunctionDef(body=body) if _is_plain_test(statement):
                last += body
            case _:
                yield statement
    yield from last


def _is_plain_test(function: ast.FunctionDef) -> bool:
    """Whether pytest runs the function once, and as it stands."""
    is_bare = not function.decorator_list and not ast.unparse(function.args)
    return is_bare and function.name.startswith("test")


def _read_condition(test: ast.expr, entry_point: str | None) -> Call | None:
    """`f(…)`, `not f(…)`, `f(…) == literal` or `f(…) is True` as a call."""
    expected: Any
    call, expected, how = test, True, "truth"
    match test:
        case ast.UnaryOp(ast.Not(), operand):
            call, expected = operand, False
        case ast.Compare(left, [ast.Eq()], [right]) if _is_literal(right):
            call, expected, how = left, ast.literal_eval(right), "equal"
        case ast.Compare(left, [ast.Is()], [ast.Constant(bool() | None as value)]):
            call, expected, how = left, value, "is"
    match call:
        case ast.Call(ast.Name(name), values, []) if all(map(_is_literal, values)):
            arguments = list(map(ast.literal_eval, values))
            name = (name == "candidate" and entry_point) or name
            return Call(name, arguments, expected, how)
    return None


def _is_literal(node: ast.expr) -> bool:
    """Whether evaluating `node` can only give a plain value, and soon."""
    if any(
        isinstance(part, ast.Set | ast.Dict)
        and sum(1 for _ in ast.iter_child_nodes(part)) > MOST_MEMBERS
        for part in ast.walk(node)
    ):
        return False
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
