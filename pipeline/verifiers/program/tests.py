"""The tests of a row, as `verify_info` holds them: plain, by columns or packed.

Packed tests are what LiveCodeBench calls private ones: JSON, pickled as a text,
compressed, in base64. The unpickler here makes text and nothing else.
"""

import base64
import binascii
import gzip
import io
import json
import pickle
import zlib
from typing import Any

from pipeline.verifiers.program.results import WHITESPACE, Policy

# Unpacked; a few kilobytes of zeros must not fill the memory.
LARGEST = 1 << 30
CPP = ("cpp", "c++", "cc", "cxx", "c")
PYTHON = ("", "python", "python3", "py")


def read_tests(info: dict[str, Any]) -> list[dict[str, Any]]:
    """The tests, each with input and output; a ValueError says what is wrong.

    A call's input is the list of its arguments, or a text with one a line, in JSON,
    as LiveCodeBench has them; then its output is JSON too.
    """
    tests = _expanded(info.get("tests"))
    if not tests:
        raise ValueError("expected a list of tests")
    needed = {"input"} if info.get("reference") else {"input", "output"}
    if any(not isinstance(t, dict) or needed - set(t) for t in tests):
        raise ValueError(f"every test needs {' and '.join(sorted(needed))}")
    return [_call(test) for test in tests] if info.get("type") == "call" else tests


def _expanded(tests: Any) -> list[Any]:
    """A list of tests out of texts, columns, and lists of such."""
    if isinstance(tests, str):
        return _expanded(unpacked(tests))
    if isinstance(tests, dict) and "inputs" in tests:
        return _from_columns(tests)
    if not isinstance(tests, list):
        raise ValueError("expected a list of tests")
    if not any(isinstance(test, str) for test in tests):
        return tests
    parts = [_expanded(t) if isinstance(t, str) else [t] for t in tests]
    return [test for part in parts for test in part]


def _call(test: dict[str, Any]) -> dict[str, Any]:
    given, output = test["input"], test.get("output")
    if isinstance(given, str):
        given = [json.loads(line) for line in given.splitlines() if line.strip()]
        output = json.loads(output) if isinstance(output, str) else output
    if not isinstance(given, list | tuple):
        raise ValueError("the input of a call is the list of its arguments")
    return {"input": list(given), "output": output}


def _from_columns(tests: dict[str, Any]) -> list[dict[str, Any]]:
    """APPS and TACO keep inputs and outputs as two lists."""
    inputs, outputs = tests.get("inputs"), tests.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list):
        raise ValueError("expected inputs and outputs, two lists")
    if len(inputs) != len(outputs):
        raise ValueError("there are not as many inputs as outputs")
    return [{"input": i, "output": o} for i, o in zip(inputs, outputs, strict=True)]


def unpacked(text: str) -> Any:
    """JSON, plain or compressed in base64, pickled as a text or not."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        data = _inflated(base64.b64decode(text, validate=True))
        said = _unpickled_text(data) if data[:1] == b"\x80" else data.decode()
        return json.loads(said)
    except (binascii.Error, zlib.error, OSError, EOFError) as error:
        raise ValueError(f"neither JSON nor packed: {error}") from error


def _inflated(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(data)) as file:
            inflated = file.read(LARGEST + 1)
    elif data[:1] == b"\x78":
        inflated = zlib.decompressobj().decompress(data, LARGEST + 1)
    else:
        return data
    if len(inflated) > LARGEST:
        raise ValueError("larger than 1 GB when unpacked")
    return inflated


class _Text(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise ValueError(f"a pickle may hold text alone, not {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise ValueError("a pickle may hold text alone")


def _unpickled_text(data: bytes) -> str:
    try:
        text = _Text(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, AttributeError, IndexError, KeyError) as error:
        raise ValueError(f"not a pickle: {error}") from error
    if not isinstance(text, str):
        raise ValueError(f"a pickle may hold text alone, not {type(text).__name__}")
    return text


def policy(info: dict[str, Any]) -> Policy:
    """How output is compared; a ValueError where `info` names no known way."""
    if info.get("checker"):
        raise ValueError("the problem needs a checker of its own")
    whitespace = info.get("whitespace", Policy.whitespace)
    if whitespace not in WHITESPACE:
        known = ", ".join(WHITESPACE)
        raise ValueError(f"whitespace: expected one of {known}, found {whitespace!r}")
    return Policy(
        whitespace=whitespace,
        tolerance=float(info.get("tolerance", Policy.tolerance)),
        ignore_case=bool(info.get("ignore_case", False)),
        any_order=bool(info.get("any_order", False)),
    )


def language(name: str, program: str) -> str:
    """The language of a fence: python, cpp, or "" for another."""
    if name.lower() in CPP or (not name and "#include" in program):
        return "cpp"
    return "python" if name.lower() in PYTHON else ""
