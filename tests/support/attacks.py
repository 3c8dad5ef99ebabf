"""Rows and completions that once took minutes or gigabytes, or raised; by name."""

import json
import zlib
from base64 import b64encode
from typing import Any

from tests.support.fuzz import CALL, HOUSES, Case

ACCENTS = "a" + "\u0301\u0316" * 300_000  # composing sorts them: quadratic time
COLLIDING = ",".join(str(k * (2**61 - 1)) for k in range(24_000))  # all hash to 0
EXPRESSIONS = [rf"\frac{{x^{{{i}}}+1}}{{x+1}}" for i in range(2_000)]
ZEBRA = {"task": "zebra", "solution": HOUSES}
ROLES = {"task": "knights_knaves"}
REGULAR = "(a*a*a)*b"  # Python's product, and a pattern that backtracks


def _case(verifier: str, answer: str | None, info: Any, completion: str) -> Case:
    return Case(verifier, answer, json.dumps(info), completion)


def _pack_zeros(megabytes: int) -> str:
    """So many zeros in some kilobytes."""
    packer = zlib.compressobj()
    pieces = [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b64encode(b"".join([*pieces, packer.flush()])).decode()


def _asserting(test_code: str, name: str | None = None) -> dict[str, Any]:
    test: dict[str, Any] = {
        "type": "assert",
        "test_code": test_code,
        "setup": "x = 1\n",
    }
    test |= {"timeout_s": 0.5}
    return test | ({"entry_point": name} if name else {})


ATTACKS: dict[str, Case] = {
    "accents": _case("exact", "Paris", {}, ACCENTS),
    "accents in the gold answer": _case("exact", ACCENTS, {}, "Paris"),
    "accents in a choice": _case("choice", "A", {"choices": ["x", ACCENTS]}, "A"),
    "tags that are not closed": _case("exact", "Paris", {}, "<answer>" * 100_000),
    "tags, closed once": _case("puzzle", "3", ROLES, "<answer>" * 9_999 + "</answer>"),
    "many alternatives": _case(
        "math", "5", {"alternatives": EXPRESSIONS}, r"\boxed{\sqrt{x^2+1}}"
    ),
    "many choices": _case("choice", "A", {"choices": EXPRESSIONS}, r"\boxed{x^2}"),
    "digits": _case("math", "1/3", {"policy": {"digits": 10**400}}, r"\boxed{0.3}"),
    "an object": _case("puzzle", "", ZEBRA, '{"a":' * 100_000),
    "many objects": _case("puzzle", "", ZEBRA, '{"a":1}' * 150_000),
    "one letter": _case("puzzle", "Ana is a knight", ROLES, "A" * 1_900_000),
    "a name": _case("puzzle", "Ana is a knight", ROLES, "Ana " * 400_000),
    "zeros": _case(
        "code", None, {"type": "stdio", "tests": _pack_zeros(257)}, "print(1)"
    ),
    "fences": _case("code", None, CALL, "```" * 300_000),
    "fences of lines": _case("code", None, CALL, "```python\n" * 60_000),
    "a set": _case(
        "code", None, _asserting(f"assert f(1) == {{{COLLIDING}}}"), "x = 1"
    ),
    "a name that is a pattern": _case(
        "code", None, _asserting("def check(c):\n    assert c(1)", REGULAR),
        "def " + "a" * 40 + "(x): return 1",
    ),
    "a name that is no pattern": _case(
        "code", None, _asserting("def check(c):\n    assert c(1)", "a**b"), "x = 1"
    ),
}  # fmt: skip
