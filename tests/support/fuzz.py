"""Rows, completions and channel lines as nobody should write them, from a seed.

A case starts from a right one of its verifier (`SEEDS`). Then its texts are cut,
doubled, filled with hostile pieces or blown up to two megabytes, and the details get
values of every wrong type. `measure` calls the verifier and says what the call took.
"""

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zlib import compress

from pipeline.endpoint.client import Question, Reply
from pipeline.grading.guarded import judge_cases, read_gold, verify
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Judge

LARGEST = 2_100_000  # characters of a text: above what is read, or below
TESTS = {"type": "stdio", "tests": [{"input": "3\n", "output": "6.0\n"}]}
CALL = {"type": "call", "fn_name": "f", "tests": [{"input": [1], "output": [2]}] * 3}
HOUSES = {"header": ["House", "Name"], "rows": [["1", "Ana"], ["2", "Ben"]]}


class Case(NamedTuple):
    """What a verifier is called with; `verify_info` is JSON, or should be."""

    verifier: str
    answer: str | None
    verify_info: str | None
    completion: str


class Cost(NamedTuple):
    """What a call took of this process, and what came of it."""

    verdict: Verdict
    cpu_s: float
    memory_mb: float


# Right rows: answer, details, completion.
SEEDS: dict[str, list[tuple[str | None, dict[str, Any], str]]] = {
    "math": [
        (r"\frac{1}{2}", {}, r"Half of it: \boxed{0.5}"),
        ("(1,2]", {"policy": {"units": "required"}}, r"So $\boxed{1<x\le 2}$."),
        ("x^2+2x+1", {"alternatives": ["(x+1)^2"]}, "The answer is $(1+x)^2$."),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", {}, r"\boxed{(1,2)}"),
        ("3 cm", {"policy": {"digits": 3}}, "<think>hm</think>The answer is **3 cm**."),
        (r"\{1,2,3\}", {}, r"\boxed{\{3, 2, 1\}}"),
        ("#### 12", {}, "The total is 12.\n#### 12"),
        (r"\begin{cases} x & x>0 \\ -x & x\le 0\end{cases}", {},
         r"\boxed{\begin{cases} -x & x\le 0 \\ x & x>0\end{cases}}"),
        ("A", {}, "The answer is (A)."),
        (r"\sum_{k=1}^{10} k", {}, r"\boxed{55}"),
    ],
    "numeric": [
        ("3.14159", {"rel_tol": 1e-3}, "It is about 3.1416."),
        ("5 km", {"policy": {"units": "convert"}, "abs_tol": 1}, r"\boxed{5000 m}"),
        ("3 million", {}, "The answer is 3000000."),
    ],
    "exact": [
        ("New York", {"policy": {"case": True}}, "The answer is New York."),
        ("Paris", {}, "<answer>**Paris**</answer>"),
    ],
    "choice": [
        ("B", {"choices": ["Paris", "Rome", "12"]}, "It cannot be A, so B."),
        ("A, C", {"choices": {"A": "x", "B": "y", "C": "z"}}, r"\boxed{A, C}"),
        ("Б", {}, "Ответ: Б"),
    ],
    "puzzle": [
        ("98", {"task": "countdown", "numbers": [44, 19, 35], "target": 98},
         "<answer>44 + 19 + 35</answer>"),
        ("Ana is a knight, Ben is a knave", {"task": "knights_knaves"},
         "<answer>Ana is a knight and Ben is a knave.</answer>"),
        ("", {"task": "zebra", "solution": HOUSES}, json.dumps(HOUSES)),
        ("3", {"task": "reasoning_gym", "dataset": "spell_backward",
               "entry": {"question": "q", "answer": "3", "metadata": {}}}, "3"),
        ("3", {"task": "reasoning_gym", "dataset": "number_sorting",
               "entry": {"question": "q", "answer": "['3']", "metadata": {}}}, "['3']"),
    ],
    "judge": [
        ("7", {"problem": "3+4?"}, "It is 7."),
        (None, {"rubric": [{"criterion": "Is short.", "points": 2}], "min_score": 0.5},
         "7"),
        ("B", {"problem": "Which?", "choices": ["x", "y"]}, "B"),
    ],
    "code": [
        (None, TESTS, "```python\nprint(2.0 * int(input()))\n```"),
        (None, CALL, "def f(x):\n    return [2 * x]"),
        (None, {"type": "assert", "entry_point": "f", "test_code":
                "def check(candidate):\n    assert candidate(1) == 2\n"},
         "```python\ndef f(x):\n    return 2 * x\n```"),
        (None, {"type": "assert", "test_code":
                "def test_f():\n    assert sorted(f(1)) == [2]\n    assert f(2)"},
         "def f(x):\n    return {2 * x}"),
    ],
}  # fmt: skip

OPENERS = [
    ("{", "}"), ("(", ")"), ("[", "]"), ("\\{", "\\}"), ("\\frac{", "}{2}"),
    ("\\sqrt{", "}"), ("\\boxed{", "}"), ("\\left(", "\\right)"),
    ("<think>", "</think>"),
    ("```python\n", "\n```"), ('{"answer": ', "}"), ("\\text{", "}"), ("|", "|"),
    ("\\begin{cases}", "\\end{cases}"), ("<answer>", "</answer>"), ("f(", ")"),
    ("{'a': ", "}"), ("not ", ""), ("-", ""), ("**", "**"), ("lambda: ", ""), ("~", ""),
    ("x^{", "}"), ("\\overline{", "}"), ("((", ")!)!"), ("if 1:\n ", ""), ("_{", "}"),
]  # fmt: skip
PIECES = [
    "\0", "\ud800", "\udfff", "\u202e", "\u200b", "\ufeff", "\u2028", "e\u0301" * 9,
    "👨‍👩‍👧", "٣٤", "１２", "𝟙𝟚", "½", "Ⅷ", "ﷺ", "ß", "İ", "\x1b[2J", "\r\n", "\t",
    "9" * 400, "9" * 5_000, "1e1000000", "9^9^9^9", "10^{10^{10}}", "9!!!!!!!", "1/0",
    "\\binom{10^9}{10^8}", "\\sum_{k=1}^{10^{12}} k", "0.(9)", "1e-999999", "NaN",
    "Infinity", "-0", "\\infty", "0x" + "f" * 99, "1_000", "\\", "\\\\", "$", "$$", "%",
    "#### ", "\\boxed{", "\\boxed", "The answer is ", "\\text{", "&", "\\\\&", "or ",
    " not ", "≠", "\\pm", "\\cup", "\\begin{pmatrix}", "A. B. C. D. ", "(A)", "```",
    "```python\n", "</think>", "<think>", "<answer>", '{"rows": [', '{"verdict": "x"}',
    "\\int_0^1", "x_1", "\\sin", "\\log_", "^", "_", "!", "'", "°", "\\%", "1,000,000",
    "\\ldots", "∞", "√", "²", "x=", "1:2:3", "2024-01-05", "3:30", "twenty-", ":",
    "...", "million ", "答案", '{"a":', "The answer is not ", "is a knight ", "| a |\n",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 3.7, 1e308, float("nan"), float("inf"), 10**400, 2**63,
    "", " ", "x", "0.01", "2.0 seconds", "\ud800", "\0", "9" * 5_000, "x" * 100_000, [],
    {}, [None], [[]], {"": None}, {"a": {"b": {"c": []}}}, ["x"] * 5_000, [1, "a"],
    {"\ud800": 1}, {"rows": [[]]}, {"header": [], "rows": [1]}, [{"input": None}],
    [{"input": [float("inf")], "output": {"x": [10**400]}}], "add(", "__import__('os')",
    "f" * 2_000, "(" * 900, {"inputs": [1], "outputs": []}, "eJw=", [["1"]],
]  # fmt: skip


def deal_cases(count: int, seed: int, verifiers: list[str]) -> Iterator[Case]:
    """`count` cases, the verifiers in turn; the same for the same seed."""
    random = Random(seed)
    for number in range(count):
        yield deal_case(random, verifiers[number % len(verifiers)])


def deal_case(random: Random, verifier: str) -> Case:
    answer, info, completion = random.choice(SEEDS[verifier])
    if random.random() < 0.4:
        answer = answer and spoil_text(random, answer)
    if random.random() < 0.8:
        completion = spoil_text(random, completion)
    text = json.dumps(info)
    if random.random() < 0.5:
        text = spoil_details(random, info)
    return Case(verifier, answer, text, completion)


def spoil_text(random: Random, text: str) -> str:
    """`text` after one to four hostile edits."""
    for _ in range(random.choice([1, 1, 2, 4])):
        edit = random.choice([_cut, _insert, _insert, _nest, _repeat, _garble, _swap])
        text = edit(random, text)[:LARGEST]
    return text


def spoil_details(random: Random, info: dict[str, Any]) -> str:
    """Details with a value of another kind, or JSON that is broken, or neither."""
    text = json.dumps(info)
    roll = random.random()
    if roll < 0.1:
        return spoil_text(random, text)
    if roll < 0.15:
        depth = random.choice([50, 900, 100_000])
        return '{"tests": ' + "[" * depth + "]" * depth + "}"
    spoilt = json.loads(text)
    for _ in range(random.choice([1, 1, 3])):
        _set_anywhere(random, spoilt, deepcopy(random.choice(VALUES)))
    return json.dumps(spoilt)


def deal_line(random: Random) -> bytes:
    """A line as a program may write it on the channel, where an answer should be."""
    letter = random.choice([*"tsdbcinqyo", "x", ""])
    value = random.choice(VALUES)
    inner = random.choice([value, [value], [[value, value]], {letter: value}])
    wholes: list[Any] = [{"value": {letter: inner}}, {"value": inner}, inner]
    wholes += [{"raised": value}, {"kind": value}, {"value": [2], letter: value}]
    line = json.dumps(random.choice(wholes)).encode()
    depth = random.choice([0, 0, 0, 200, 5_000])
    opening, closing = random.choice([(b"[", b"]"), (b'{"t": [', b"]}")])
    nested = b'{"value": ' + opening * depth + b"2" + closing * depth + b"}"
    spoilt = spoil_text(random, line.decode())[:100_000].encode(errors="replace")
    return random.choice([line, nested, spoilt]).replace(b"\n", b" ")


def write_lines(lines: list[bytes]) -> Case:
    """A program that answers its calls by writing `lines` on the channel itself."""
    packed = b64encode(compress(b"".join(line + b"\n" for line in lines))).decode()
    program = (
        "```python\nimport os, zlib, base64\n"
        f"left = zlib.decompress(base64.b64decode('{packed}'))\n"
        "while left:\n    left = left[os.write(3, left[:65536]):]\n"
        "def f(x):\n    return 0\n```"
    )
    tests = [{"input": [1], "output": [2]}] * len(lines)
    info = {"type": "call", "fn_name": "f", "tests": tests, "all_tests": True}
    return Case("code", None, json.dumps(info), program)


def measure(case: Case, random: Random) -> list[Cost]:
    """What the verdict on a case takes, and what reading its gold answer does."""

    def judge() -> Verdict:
        if case.verifier != "judge":
            return verify(*case)

        def ask(questions: list[Question]) -> list[Reply]:
            text = '{"verdict": "correct", "reason": "so"}'
            spoilt = [text, spoil_text(random, text)]
            return [Reply(random.choice(spoilt)) for _ in questions]

        row = (case.answer, case.verify_info, case.completion, {"problem": "3+4?"})
        return judge_cases([row], Judge(votes=3), ask)[0]

    def read() -> Verdict:
        return Verdict(None, why=read_gold(*case[:3])[0] or "")

    return [_measure(judge), _measure(read)]


def _measure(call: Any) -> Cost:
    before = _reset_peak()
    started = time.process_time()
    verdict = call()
    return Cost(verdict, time.process_time() - started, _peak_mb() - before)


def _reset_peak() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return _peak_mb()


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _cut(random: Random, text: str) -> str:
    start, end = sorted(random.randint(0, len(text)) for _ in range(2))
    return text[:start] + text[end:]


def _insert(random: Random, text: str) -> str:
    at = random.randint(0, len(text))
    return text[:at] + random.choice(PIECES) + text[at:]


def _nest(random: Random, text: str) -> str:
    depth = random.choice([2, 20, 200, 2_000, 100_000])
    opening, closing = random.choice(OPENERS)
    if random.random() < 0.3:
        closing = ""
    depth = min(depth, LARGEST // (len(opening) + len(closing) + 1))
    return opening * depth + text + closing * depth


def _repeat(random: Random, text: str) -> str:
    piece = random.choice([text, random.choice(PIECES), text[-3:]])
    most = LARGEST // max(len(piece), 1)
    count = min(random.choice([2, 10, 100, 1_000, 1_000, 10_000_000]), most)
    return random.choice([piece * count, text + piece * count, piece * count + text])


def _garble(random: Random, text: str) -> str:
    letters = list(text[:2_000])
    for _ in range(random.randint(1, 8)):
        if letters:
            letters[random.randrange(len(letters))] = chr(random.randrange(0x110000))
    return "".join(letters) + text[2_000:]


def _swap(random: Random, text: str) -> str:
    at = random.randint(0, len(text))
    return text[at:] + text[:at]


def _set_anywhere(random: Random, part: Any, value: Any) -> None:
    """Put `value` somewhere in an object or list, at any depth."""
    keys: list[Any] = [*part] if isinstance(part, dict) else [*range(len(part))]
    if not keys:
        return
    key = random.choice(keys)
    if isinstance(part[key], dict | list) and part[key] and random.random() < 0.7:
        _set_anywhere(random, part[key], value)
    elif random.random() < 0.1:
        del part[key]
    else:
        part[key] = value
