"""Which program a completion ends with, and when what it prints or returns is right."""

import json

import pytest

from pipeline.grading import guarded
from pipeline.verifiers.code import NO_BLOCK, verify
from pipeline.verifiers.program.fences import find_blocks
from pipeline.verifiers.program.results import Policy, same_output, same_value
from pipeline.verifiers.program.tests import read_tests

DOUBLE = "print(2 * int(input()))"
ADD = "def add(a, b):\n    return a + b"
PRINTS = {"type": "stdio", "tests": [{"input": "3\n", "output": "6\n"}]}
ADDS = {"type": "assert", "test_code": "assert add(1, 2) == 3"}

RIGHT = {
    "a sample of output behind it": f"```python\n{DOUBLE}\n```\nIt prints\n```\n6\n```",
    "a sample without names": f"```\n{DOUBLE}\n```\nIt prints\n```\n6\n```",
    "other languages behind it": f"```py\n{DOUBLE}\n```\n```bash\npython a.py\n```",
    "inline backticks before it": f"The call ```add``` is\n```python\n{DOUBLE}\n```",
    "backticks inside it": f'```python\n# "```"\nx = "```"\n{DOUBLE}\n```',
    "tildes": f"~~~python\n{DOUBLE}\n~~~",
    "a longer fence": f"````python\nx = '''\n```\n'''\n{DOUBLE}\n````",
    "a list": "1. So:\n\n   ```python3\n   n = int(input())\n   if n:\n"
    "       print(2 * n)\n   ```",
    "a quotation": f"> ```python\n> {DOUBLE}\n> ```",
    "a byte order mark": f"\ufeff{DOUBLE}",
    "a mark in the block": f"```python\n\ufeff{DOUBLE}\n```",
    "a fence that nobody closes": f"So:\n```python\n{DOUBLE}\n",
    "a fence behind words": f"Answer: ```python\n{DOUBLE}\n```",
    "attributes": f"```{{.python .numberLines}}\n{DOUBLE}\n```",
    "windows": f"```python\r\n{DOUBLE}\r\n```\r\n",
    "no fence": DOUBLE,
    "thinking before it": "<think>```python\nprint(1)\n```</think>"
    f"```python\n{DOUBLE}\n```",
    "C": "```c\n#include <stdio.h>\n#include <stdlib.h>\nint main(void) {"
    "int *class = malloc(4); scanf(\"%d\", class); printf(\"%d\", 2 * *class); }\n```",
    "C++20": "```cpp20\n#include <bits/stdc++.h>\nusing namespace std;\nint main() {"
    "int a; cin >> a; vector<int> v{a}; ranges::sort(v);"
    "cout << v[0] * popcount(3u); }\n```",
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_the_program_is_found(case):
    assert verify(None, RIGHT[case], PRINTS).correct is True


@pytest.mark.parametrize(
    "completion",
    [
        f"<think>\n```python\n{DOUBLE}\n```\n</think>\nI could not solve it.",
        f"<think>\n```python\n{DOUBLE}\n```\nThat is",
        f"<thinking>\n```python\n{DOUBLE}\n```\n</thinking>\nNo.",
        f"<|begin_of_thought|>```python\n{DOUBLE}\n```<|end_of_thought|>\n\nNo.",
        f"No.<|im_end|>\n<|im_start|>user\n```python\n{DOUBLE}\n```",
        f"```python\n{DOUBLE}\n```\nBetter:\n```python\nprint(1)\n```",
        "```\n```",
        "",
    ],
)
def test_what_is_thought_or_taken_back_is_no_program(completion):
    assert verify(None, completion, PRINTS).correct is False


@pytest.mark.parametrize(
    ("completion", "why"),
    [
        ("I cannot help with that.", NO_BLOCK),
        ("The answer is 6.", NO_BLOCK),
        ("#### 6", NO_BLOCK),
        ("\\boxed{6}", NO_BLOCK),
        ("答案是6。", NO_BLOCK),
        ("```js\nconsole.log(6)\n```", "its block of code is js"),
        (f"```python\n{DOUBLE}(\n```", "test 1"),
        ("```python\nprint(5)\n```", "test 1"),
        ("print(5)", "test 1"),
    ],
)
def test_why_says_where_there_is_no_code(completion, why):
    for info in (PRINTS, ADDS):
        verdict = verify(None, completion, info)

        assert verdict.correct is False
        assert verdict.why.startswith(f"{why}: ")


def test_imports_from_the_future_stand_before_the_set_up():
    program = f"from __future__ import annotations\n{ADD}"
    info = ADDS | {"setup": "import math\n", "entry_point": "add"}

    assert verify(None, f"```python\n{program}\n```", info).correct is True


def test_blocks_are_read_in_linear_time():
    assert len(find_blocks("```python\n" * 100_000)) == 1
    assert len(find_blocks("`" * 1_000_000)) == 1
    assert find_blocks("a`" * 500_000) == []
    assert find_blocks(" > " * 300_000 + "a") == []
    assert len(find_blocks("~~~\n" * 100_000)) == 50_000


@pytest.mark.parametrize(
    ("printed", "expected", "is_right"),
    [
        ("42", "４２", False),
        ("００", "00", False),
        ("101", "00101", False),
        ("1000", "1_000", False),
        ("100", "1e2", False),
        ("inf", "Infinity", False),
        ("NaN", "nan", False),
        ("5.0", "5", True),
        ("+5", "5", True),
        ("0.00001000000001", "1e-05", True),
        ("0.3333333", "0.33333333333", True),
        ("0.34", "0.33333333333", False),
        (".5", "0.50", True),
        ("1" * 101, "1" * 101, True),
        ("5", "\n5\n", True),
        ("\n\n5  \n\n", "5", True),
        ("1 2", "1\n2", False),
        ("1\n\n2", "1\n2", False),
        ("*\n***\n*****", "  *\n ***\n*****", False),
        ("  *\n ***\n*****\n", "*\n ***\n*****", True),
        ("1 2\n10 20", " 1  2\n10 20", True),
        ("a\n  b", "a\n  b", True),
        ("a\nb", "a\n  b\nc", False),
    ],
)
def test_output_is_compared_as_judges_do(printed, expected, is_right):
    assert same_output(printed, expected) is is_right


def test_tokens_alone_count_where_the_row_says_so():
    policy = Policy(whitespace="tokens")

    assert same_output("*\n***", "  *\n ***", policy) is True


@pytest.mark.parametrize(
    ("value", "expected", "is_right"),
    [
        ({1: 2}, {"1": 2}, True),
        ({1: 2, "1": 3}, {"1": 2}, False),
        ((1, 2), [1, 2], True),
        (0.1 + 0.2, 0.3, True),
        (True, 1, True),
        ([1], 1, False),
    ],
)
def test_values_are_compared_as_json_holds_them(value, expected, is_right):
    assert same_value(value, expected) is is_right


def call(body: str, argument: object, output: object, **more: object) -> bool | None:
    info = {
        "type": "call",
        "fn_name": "f",
        "tests": [{"input": [argument], "output": output}],
    }
    program = f"class Solution:\n    def f(self, a):\n        {body}"
    return verify(None, f"```python\n{program}\n```", info | more).correct


def test_values_may_be_near_or_in_another_order_where_judges_allow_it():
    assert call("return a / 3", 1, 0.33333) is True
    assert call("return a / 3", 1, 0.33333, tolerance=0) is False
    assert call("return a / 3", 1, 0.3334) is False
    assert call("return a[::-1]", [1, 2, 3], [1, 2, 3]) is False
    assert call("return a[::-1]", [1, 2, 3], [1, 2, 3], any_order=True) is True
    assert call("return [3, 3, 1]", [1, 2, 3], [3, 1, 1], any_order=True) is False


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ([{"b": 2, "a": 1}, {"a": 3, "b": 0}], [{"a": 1, "b": 2}, {"a": 3, "b": 0}]),
        ([5, 10.0], [9.9999999, 5]),
        ([[2], "a", None], [None, "a", [2]]),
        ([{1: 2}, {0: 1}], [{"0": 1}, {"1": 2}]),
    ],
)
def test_members_in_any_order_are_found_whatever_they_look_like(returned, expected):
    assert call(f"return {returned!r}", 0, expected, any_order=True) is True
    assert call(f"return {returned!r}[1:]", 0, expected, any_order=True) is False


@pytest.mark.parametrize("kind", ["bare", "named", "call", "lines"])
def test_numbers_of_thousands_of_digits_are_read(kind: str):
    number = str(7**6000)
    info = {
        "bare": {"type": "assert", "test_code": f"assert f(6000) == {number}"},
        "named": {"type": "assert", "test_code": f"x = {number}\nassert f(6000) == x"},
        "call": {"type": "call", "tests": [{"input": [6000], "output": int(number)}]},
        "lines": {"type": "call", "tests": [{"input": "6000", "output": number}]},
    }[kind]
    info = json.dumps(info | {"fn_name": "f"})

    for power, is_right in ((7, True), (8, False)):
        program = f"```python\ndef f(n):\n    return {power}**n\n```"
        assert guarded.verify("code", None, info, program).correct is is_right


def test_lines_of_arguments_end_at_line_feeds_alone():
    text = "a\u2028b\x85c"
    arguments = json.dumps(text, ensure_ascii=False)
    tests = [{"input": f"{arguments}\r\n3", "output": json.dumps(text)}]
    info = {"type": "call", "fn_name": "f", "tests": tests}

    assert read_tests(info) == [{"input": [text, 3], "output": text}]


LEETCODE = [
    "return json.loads(json.dumps(a))", "return deepcopy(a)", "return copy.deepcopy(a)",
    "return [isqrt(a[0] ** 2), *a[1:]]", "return a if gcd(4, 6) == 2 else inf",
    "return [TreeNode(a[0]).val, *a[1:]]", "x: Optional[ListNode] = None; return a",
    "return a if ascii_lowercase[0] == 'a' else 0",
    "return a if pow(3, 2, 5) == 4 else 0",
    "heappush(a, 9); return a[:3]", "return list(accumulate(a, max))",
]  # fmt: skip


@pytest.mark.parametrize("body", LEETCODE)
def test_names_that_leetcode_brings_are_there(body):
    assert call(body, [1, 2, 3], [1, 2, 3]) is True


@pytest.mark.parametrize(
    ("package", "correct"), [("sortedcontainers", None), ("no_such_package", False)]
)
def test_a_package_that_judges_have_and_the_sandbox_has_not(package, correct):
    verdict = verify(None, f"```python\nimport {package}\n{DOUBLE}\n```", PRINTS)

    assert (verdict.correct, package in verdict.why) == (correct, True)
