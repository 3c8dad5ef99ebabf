import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.verifiers.contract import load_verifier
from pipeline.verifiers.math import verify
from stages.sources import arithmetic, gym, planted, words
from stages.sources._limits import read_limits
from stages.sources._load import load_adapter
from stages.sources._source import ADAPTED, Source
from stages.sources._tests import count_tests, read_tests
from stages.sources.verl import strip_markup
from tests.support.rows import collect, collect_with

KNIGHTS = "(1) Zoey is a knight\n(2) Ethan is a knave"
TABLE = {"header": ["House", "Name"], "rows": [["1", "Arnold"], ["2", "Eric"]]}
TESTS = [{"input": "1\n[2, 3]\n", "output": "[3]", "testtype": "functional"}]
ENTRY = {"question": "Sort: b, a", "answer": "a, b", "metadata": {"n": 2}}

# One row of every schema, as its source stores it, and what the adapter makes of it.
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gsm8k": (
        {"question": "How many?", "answer": "500*2=<<500*2=1000>>1,000\n#### 1,000"},
        {
            "problem": "How many?",
            "answer": "1000",
            "solutions": [
                {
                    "text": "500*2=<<500*2=1000>>1,000",
                    "model": "human",
                    "correct": True,
                }
            ],
        },
    ),
    "math": (
        {"problem": "Solve.", "solution": r"So \boxed{\frac{1}{2}}.", "level": 3},
        {
            "problem": "Solve.",
            "answer": r"\frac{1}{2}",
            "solutions": [
                {"text": r"So \boxed{\frac{1}{2}}.", "model": "human", "correct": None}
            ],
            "meta": {"level": 3},
        },
    ),
    "multiple_choice": (
        {"question": "Which?", "options": ["Rome", "Paris"], "answer": "Paris"},
        {
            "problem": "Which?\n\nA) Rome\nB) Paris",
            "answer": "B",
            "domain": "general",
            "verifier": "choice",
            "verify_info": {"choices": {"A": "Rome", "B": "Paris"}},
        },
    ),
    "published": (
        {
            "problem": "1+1?",
            "answer": "2",
            "domain": "math",
            "verifier": "math",
            "verify_info": "{}",
            "origin": ["gsm8k"],
            "solutions": [{"text": "1+1=2", "model": "human", "correct": True}],
            "meta": '{"level": 3}',
        },
        {
            "problem": "1+1?",
            "answer": "2",
            "domain": "math",
            "verifier": "math",
            "verify_info": {},
            "origin": ["gsm8k"],
            "solutions": [{"text": "1+1=2", "model": "human", "correct": True}],
            "meta": {"level": 3},
        },
    ),
    "orz": (
        {
            "row": [
                {"from": "human", "value": "Solve."},
                {"ground_truth": {"value": "n = 4", "pass_at_n": 0.25}},
            ]
        },
        {"problem": "Solve.", "answer": "n = 4", "meta": {"pass_at_n": 0.25}},
    ),
    "verl": (
        {
            "data_source": "math_dapo",
            "prompt": [{"role": "user", "content": "Solve."}],
            "reward_model": {"ground_truth": "34", "style": "rule"},
            "ability": "MATH",
        },
        {
            "problem": "Solve.",
            "answer": "34",
            "golds": "any",
            "origin": ["math_dapo"],
            "meta": {},
        },
    ),
    "countdown": (
        {"target": 98, "nums": [44, 19, 35]},
        {
            "problem": "Using the numbers [44, 19, 35], create an equation that equals "
            "98. You can use basic arithmetic operations (+, -, *, /) and each number "
            "can only be used once.",
            "answer": "98",
            "domain": "puzzle",
            "verifier": "puzzle",
            "verify_info": {
                "task": "countdown",
                "numbers": [44, 19, 35],
                "target": 98,
            },
        },
    ),
    "zebra": (
        {"puzzle": "Two houses.", "solution": TABLE, "size": "2*2"},
        {
            "problem": "Two houses.",
            "answer": json.dumps(TABLE),
            "domain": "puzzle",
            "verifier": "puzzle",
            "verify_info": {"task": "zebra", "solution": TABLE},
            "meta": {"size": "2*2"},
        },
    ),
    "humaneval": (
        {
            "task_id": "HumanEval/0",
            "prompt": "def f(x):\n",
            "entry_point": "f",
            "canonical_solution": "    return x\n",
            "test": "def check(candidate): assert candidate(1) == 1",
        },
        {
            "problem": "def f(x):\n",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "assert",
                "setup": "def f(x):\n",
                "entry_point": "f",
                "test_code": "def check(candidate): assert candidate(1) == 1",
            },
            "solutions": [
                {
                    "text": "def f(x):\n    return x\n",
                    "model": "human",
                    "correct": None,
                }
            ],
            "meta": {"task_id": "HumanEval/0"},
        },
    ),
    "leetcode": (
        {
            "task_id": "twice",
            "query": "Return twice x.",
            "prompt": "from typing import *\n",
            "entry_point": "Solution().twice",
            "completion": "class Solution:\n    def twice(self, x): return 2 * x",
            "test": "def check(candidate):\n    assert candidate(x = 3) == 6",
            "difficulty": "Easy",
        },
        {
            "problem": "Return twice x.",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "assert",
                "setup": "from typing import *\n",
                "entry_point": "Solution().twice",
                "test_code": "def check(candidate):\n    assert candidate(x = 3) == 6",
            },
            "solutions": [
                {
                    "text": "class Solution:\n    def twice(self, x): return 2 * x",
                    "model": "human",
                    "correct": None,
                }
            ],
            "meta": {"task_id": "twice", "difficulty": "Easy"},
        },
    ),
    "bigcodebench": (
        {
            "task_id": "BigCodeBench/0",
            "instruct_prompt": "Return x.",
            "complete_prompt": "def f(x):\n    'Return x.'\n",
            "canonical_solution": "    return x\n",
            "test": "class TestCases: pass",
            "entry_point": "f",
            "libs": "['math', 'sklearn.svm', 'numpy']",
        },
        {
            "problem": "Return x.",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "assert",
                "setup": "def f(x):\n    'Return x.'\n",
                "entry_point": "f",
                "test_code": "class TestCases: pass",
                "packages": ["numpy", "sklearn"],
            },
            "solutions": [
                {
                    "text": "def f(x):\n    'Return x.'\n    return x\n",
                    "model": "human",
                    "correct": None,
                }
            ],
            "meta": {
                "task_id": "BigCodeBench/0",
                "libs": "['math', 'sklearn.svm', 'numpy']",
            },
        },
    ),
    "mbpp": (
        {
            "task_id": 1,
            "text": "Return one.",
            "code": "def f(): return 1",
            "test_list": ["assert f() == 1", "assert f() != 2"],
            "test_setup_code": "import math",
        },
        {
            "problem": "Return one.\nYour code should pass this test:\nassert f() == 1",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "assert",
                "setup": "import math",
                "entry_point": None,
                "test_code": "assert f() == 1\nassert f() != 2",
            },
            "solutions": [
                {"text": "def f(): return 1", "model": "human", "correct": None}
            ],
            "meta": {"task_id": 1},
        },
    ),
    "livecodebench": (
        {
            "problem": "Add.",
            "starter_code": "class Node:\n  def __init__(self): pass\n"
            "class Solution:\n  def add(self, a, b):",
            "tests": TESTS,
        },
        {
            "problem": "Add.\n\nclass Node:\n  def __init__(self): pass\n"
            "class Solution:\n  def add(self, a, b):",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "call",
                "fn_name": "add",
                "tests": [{"input": [1, [2, 3]], "output": [3]}],
            },
        },
    ),
    "evalplus": (
        {
            "task_id": "HumanEval/0",
            "prompt": "def f(x):\n    pass\n",
            "entry_point": "f",
            "reference": "    return x\n",
            "base_input": [[1]],
            "plus_input": [[2]],
            "atol": 0.5,
        },
        {
            "problem": "def f(x):\n    pass\n",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "call",
                "fn_name": "f",
                "entry_point": "f",
                "setup": "def f(x):\n    pass\n",
                "reference": "def f(x):\n    pass\n    return x\n",
                "tolerance": 0.5,
                "tests": [{"input": [1]}, {"input": [2]}],
            },
            "solutions": [
                {
                    "text": "def f(x):\n    pass\n    return x\n",
                    "model": "human",
                    "correct": None,
                }
            ],
            "meta": {"task_id": "HumanEval/0"},
        },
    ),
    "dolci": (
        {
            "prompt": "Solve.",
            "ground_truth": ["7"],
            "dataset": ["math"],
            "original_dataset": "omega",
            "passrate": 0.5,
        },
        {
            "problem": "Solve.",
            "answer": "7",
            "meta": {"kind": "math", "original_dataset": "omega", "passrate": 0.5},
        },
    ),
    "code": (
        {
            "problem": "Print the sum.",
            "tests": '[{"type": "stdin_stdout", "input": "1 2\\n", "output": "3\\n"}]',
            "solutions": ["print(sum(map(int, input().split())))"],
            "difficulty": "easy",
        },
        {
            "problem": "Print the sum.",
            "answer": None,
            "domain": "code",
            "verifier": "code",
            "verify_info": {
                "type": "stdio",
                "tests": [{"input": "1 2\n", "output": "3\n"}],
            },
            "solutions": [
                {
                    "text": "print(sum(map(int, input().split())))",
                    "model": "human",
                    "correct": None,
                }
            ],
            "meta": {"n_tests": 1, "difficulty": "easy"},
        },
    ),
    "olympiadbench": (
        {
            "question": "Find.",
            "context": "Let x.",
            "final_answer": ["2", 3],
            "unit": None,
        },
        {"problem": "Let x.\nFind.", "answer": ["2", "3"], "meta": {}},
    ),
    "generic": (
        {"problem": "Pick.", "answer": "B", "verifier": "choice", "meta": '{"a": 1}'},
        {
            "problem": "Pick.",
            "answer": "B",
            "verifier": "choice",
            "verify_info": {},
            "solutions": [],
            "meta": {"a": 1},
        },
    ),
    "gym": (
        {"task": "word_sorting", "entry": ENTRY},
        {
            "problem": "Sort: b, a",
            "answer": "a, b",
            "domain": "puzzle",
            "verifier": "puzzle",
            "verify_info": {
                "task": "reasoning_gym",
                "dataset": "word_sorting",
                "entry": ENTRY,
            },
            "origin": ["reasoning-gym"],
            "meta": {"task": "word_sorting"},
        },
    ),
}
GENERATED = {"arithmetic", "planted", "words"}  # they read only their own rows


def adapt(name: str, row: dict[str, Any]) -> Any:
    return load_adapter(name).adapt(row)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_adapter_reads_its_schema(name: str):
    row, expected = EXAMPLES[name]
    empty = {"solutions": [], "meta": {}}  # which an adapter may leave out
    usual = {"domain": "math", "verifier": "math"}
    assert empty | adapt(name, row) == empty | usual | expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_spoilt_row_is_read_or_dropped_and_never_an_error(name: str):
    rows = [{}, *spoilt_rows(EXAMPLES[name][0])]
    for row in rows:
        fields = adapt(name, row)
        assert isinstance(fields, str) or fields.keys() <= ADAPTED
    kept, dropped = (outcome := collect(name, *rows)).kept, outcome.dropped

    assert kept.height + dropped.height == len(rows)
    assert dropped["id"][0] == "s/00000"
    assert all(text.strip() for text in kept["problem"])
    assert all(text.strip() for text in kept["answer"].drop_nulls())
    without_answer = kept.filter(pl.col("answer").is_null())
    assert set(without_answer["verifier"]) <= {"code"}


MATHS = {
    "prompt": {"prompt": "Solve.", "answer": 27.0, "source": "math", "id": "x"},
    "box": {"question": "Solve.", "answer": None, "solution": r"So \boxed{27}."},
    "r1": {"problem": "Solve.", "final_answer": "27", "r1_solution_1": "So 27."},
    "gold": {"problem": "Solve.", "ground_truth": "27", "domain": ["Algebra"]},
}


def test_tables_of_maths_problems_have_a_few_names_for_their_columns():
    rows = {name: adapt("math", row) for name, row in MATHS.items()}

    assert {(row["problem"], row["answer"]) for row in rows.values()} == {
        ("Solve.", "27")
    }
    assert rows["prompt"]["meta"] == {"source": "math"}
    assert rows["box"]["solutions"][0]["model"] == "human"
    assert rows["r1"]["solutions"] == [
        {"text": "So 27.", "model": "DeepSeek-R1", "correct": None}
    ]
    assert rows["gold"]["meta"] == {"domain": ["Algebra"]}
    assert rows["gold"]["domain"] == "math"


def test_problems_of_recorded_completions_have_their_answer_behind_another_mark():
    row = {"question": "How many?", "answer": "9 * 2 = 18\nA: 18"}
    assert adapt("gsm8k", row)["answer"] == "18"
    assert isinstance(adapt("gsm8k", row | {"answer": "18"}), str)


def spoilt_rows(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """`row` with each of its parts, at any depth, replaced by what it should not be."""
    for path in paths(row):
        for value in (None, "", " ", 3, float("nan"), True, [], {}, [None], [[]]):
            part = spoilt = deepcopy(row)
            for step in path[:-1]:
                part = part[step]
            part[path[-1]] = value
            yield spoilt


def paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for step, part in inner:
        yield (*path, step)
        if isinstance(part, dict | list):
            yield from paths(part, (*path, step))


def test_every_adapter_is_tried_here():
    files = {file.stem for file in Path("stages/sources").glob("[a-z]*.py")}
    assert files == EXAMPLES.keys() | GENERATED


def test_an_unknown_adapter_is_told_the_known_ones():
    with pytest.raises(UserError, match="gsm9k") as error:
        load_adapter("gsm9k")
    assert "gsm8k" in error.value.hint


CALLS = [{"input": [1, 2], "output": 3}]
SPELLINGS = {
    "columns": ({"inputs": ["1\n"], "outputs": ["2\n"]}, "stdio"),
    "columns of lines": ({"inputs": [["1", "2"]], "outputs": [["3"]]}, "stdio"),
    "columns of calls": (
        {"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]},
        "call",
    ),
    "cases of calls": (
        [
            {
                "type": "function_call",
                "fn_name": "add",
                "input": [1, 2],
                "output": [3],
            }
        ],
        "call",
    ),
    "a method": (
        [{"input": "1\n2\n", "output": "3", "testtype": "functional"}],
        "call",
    ),
    "of a language": (
        {"language": "python", "test_cases": [{"input": "1\n", "output": "2\n"}]},
        "stdio",
    ),
    "functional": ({"functional": "assert add(1, 2) == 3"}, "assert"),
    "cases of asserts": ({"assert_case": ["assert add(1, 2) == 3"]}, "assert"),
    "asserts": (["assert add(1, 2) == 3"], "assert"),
    "a check": (
        {
            "import_prefix": "import math",
            "test_code": "def check(candidate):\n    assert candidate(1, 2) == 3",
            "entry_point": "add",
        },
        "assert",
    ),
    "pytest": (
        "from solution import add\n\ndef test_sum():\n    assert add(1, 2) == 3\n",
        "assert",
    ),
}
STARTER = "class Solution:\n    def add(self, a, b):"


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("wrap", [lambda tests: tests, json.dumps])
def test_tests_are_read_in_every_spelling(name: str, wrap):
    tests, kind = SPELLINGS[name]
    wrapped = wrap(tests) if name != "pytest" else tests
    info = read_tests(wrapped, STARTER if name == "a method" else "")

    assert info["type"] == kind
    if kind == "call":
        assert info == {"type": "call", "fn_name": "add", "tests": CALLS}
    assert load_verifier("code").unreadable(None, info) is None
    assert count_tests(info) == 1


def test_a_list_of_one_that_every_call_returns_is_a_wrapper():
    of_lists = {"fn_name": "f", "inputs": [[1], [2]], "outputs": [[1, 2], [3]]}
    outputs = [test["output"] for test in read_tests(of_lists)["tests"]]
    assert outputs == [[1, 2], [3]]


def test_a_file_of_pytest_stays_as_it_is():
    file = SPELLINGS["pytest"][0]
    assert read_tests(file)["test_code"] == file


@pytest.mark.parametrize(
    ("row", "limits"),
    [
        ({"time_limit": 2.0, "memory_limit": 256.0}, (2.0, 256.0)),
        ({"time_limit": "2.5 seconds", "memory_limit": "64 megabytes"}, (2.5, 64.0)),
        ({"time_limit": "1500 ms", "memory_limit": "65536KB"}, (1.5, 64.0)),
        ({"time_limit": 2000, "memory_limit": 262144}, (2.0, 256.0)),
        ({"time_limit": {"seconds": 1, "nanos": 500_000_000}}, (1.5, None)),
        ({"memory_limit_bytes": 256 << 20}, (None, 256.0)),
        ({"memory_limit_bytes": 16 << 20}, (None, 16.0)),
        ({"time_limit": "none", "memory_limit": "1 megabyte"}, (None, None)),
        ({"time_limit": -1, "memory_limit": None}, (None, None)),
        ({"time_limit": True, "memory_limit": {"bytes": 1}}, (None, None)),
    ],
)
def test_limits_are_read_as_they_are_published(row: dict, limits: tuple):
    said = dict(zip(("timeout_s", "memory_mb"), limits, strict=True))
    assert read_limits(row) == {k: v for k, v in said.items() if v is not None}


def test_prompts_of_dolci_are_judged_by_their_kind():
    row = EXAMPLES["dolci"][0]
    program = row | {"dataset": ["code"], "ground_truth": ["assert add(1, 2) == 3"]}
    assert adapt("dolci", program)["verify_info"] == {
        "type": "assert",
        "setup": "",
        "entry_point": None,
        "test_code": "assert add(1, 2) == 3",
    }
    chat = adapt("dolci", row | {"dataset": ["general-quality"]})
    assert (chat["verifier"], chat["domain"]) == ("judge", "general")
    assert "no verifier" in adapt("dolci", row | {"dataset": ["ifeval"]})


def test_a_row_of_orz_has_two_turns_in_a_list_or_in_two_columns():
    row, expected = EXAMPLES["orz"]
    asked, gold = row["row"]
    assert adapt("orz", {"0": asked, "1": gold})["answer"] == expected["answer"]


def test_a_checker_of_the_problem_is_a_program_that_judges_what_is_printed():
    row = EXAMPLES["code"][0]
    assert adapt("code", row | {"checker": "import sys"})["verify_info"] == {
        "type": "stdio",
        "tests": [{"input": "1 2\n", "output": "3\n"}],
        "checker": "import sys",
    }
    dropped = collect("code", row | {"checker": "import import"}).dropped
    assert "checker" in json.loads(dropped["evidence"].item())["detail"]


def test_verl_reads_programs_by_their_ability():
    row = {
        "data_source": "taco",
        "ability": "code",
        "prompt": [{"role": "user", "content": "Print the sum."}],
        "reward_model": {"ground_truth": '{"inputs": ["1 2"], "outputs": ["3"]}'},
    }
    read = adapt("verl", row)

    assert read["verifier"] == "code"
    assert read["answer"] is None
    assert read["verify_info"]["tests"] == [{"input": "1 2", "output": "3"}]
    assert read["meta"] == {"n_tests": 1}
    for spoilt in spoilt_rows(row):
        assert isinstance(adapt("verl", spoilt), str | dict)
    bad = row | {"reward_model": {"ground_truth": '{"inputs": ["1"], "outputs": []}'}}
    assert "as many outputs as inputs" in adapt("verl", bad)


def gold(answer: object, adapter: str = "generic", **options: Any) -> tuple[str, Any]:
    """The answer and its alternatives, or why the row was dropped and None."""
    row = {"problem": "Solve.", "answer": answer}
    outcome = collect_with({"adapter": adapter} | options, row)
    if outcome.dropped.height:
        return json.loads(outcome.dropped["evidence"][0])["detail"], None
    (read,) = outcome.kept.to_dicts()
    return read["answer"], json.loads(read["verify_info"]).get("alternatives")


@pytest.mark.parametrize("adapter", ["generic", "math"])
def test_several_gold_answers_are_a_set_and_one_in_a_list_is_that_one(adapter: str):
    assert gold(["4"], adapter) == ("4", None)
    assert gold(["4", -4.0], adapter) == ("4, -4", None)
    assert gold('["4", "-4"]', adapter) == ("4, -4", None)
    assert gold("[1, 2]", adapter) == ("[1, 2]", None), "an interval is no list"
    set_of_two, _ = gold(["1,000", "2"], adapter)
    assert verify(set_of_two, r"\boxed{2, 1000}", {}).correct is True
    assert verify(set_of_two, r"\boxed{1000}", {}).correct is False


def test_a_recipe_says_that_any_of_several_gold_answers_is_right():
    assert gold(["1/2", "0.5"], set={"golds": "any"}) == ("1/2", ["0.5"])
    with pytest.raises(ValidationError, match=r"`set\.golds` is all or any"):
        Source(adapter="math", path="a", set={"golds": "some"})


@pytest.mark.parametrize("answers", [[], [None], ["4", ""], [["4"]], {"a": "4"}])
def test_a_list_without_an_answer_in_each_place_is_no_answer(answers: object):
    assert gold(answers) == ("answer: expected text", None)


def test_a_verifier_that_knows_no_lists_gets_none():
    why = "answer: one expected for the verifier exact: ['a', 'b']"

    assert gold(["a", "b"], set={"verifier": "exact"}) == (why, None)
    assert gold(["a"], set={"verifier": "exact"}) == ("a", None)


def test_any_of_the_gold_answers_of_verl_is_right():
    def read(gold: object) -> tuple[str, str]:
        row = EXAMPLES["verl"][0] | {"reward_model": {"ground_truth": gold}}
        return collect("verl", row).kept.select("answer", "verify_info").row(0)

    assert read('["12"]') == ("12", "{}")
    assert read(["1/2", "0.5"]) == ("1/2", '{"alternatives": ["0.5"]}')
    assert read("[1, 2]") == ("[1, 2]", "{}")


def test_verl_knows_the_puzzles_by_their_source():
    knights = {
        "data_source": "kk_logic",
        "quiz": "Who is who?",
        "names": ["Zoey", "Ethan"],
        "reward_model": {
            "ground_truth": {
                "solution_text_format": KNIGHTS,
                "statements": "__import__('os').abort()",
            }
        },
    }
    assert adapt("verl", knights) == {
        "problem": "Who is who?",
        "answer": KNIGHTS,
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "knights_knaves", "names": ["Zoey", "Ethan"]},
        "meta": {"people": 2},
    }
    numbers = {"data_source": "countdown", "target": 98, "nums": [44, 19, 35]}
    assert adapt("verl", numbers) == EXAMPLES["countdown"][1]
    spoilt = [*spoilt_rows(knights), *spoilt_rows(numbers)]
    assert collect("verl", *spoilt).kept["answer"].null_count() == 0


def test_prompts_lose_their_chat_markup_and_instructions():
    simplerl = (
        "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\nSolve "
        "$x=1$.\nPlease reason step by step, and put your final answer within "
        "\\boxed{{}}.<|im_end|>\n<|im_start|>assistant\n"
    )
    dapo = (
        "Solve the following math problem step by step. The last line of your response "
        "should be of the form Answer: $Answer (without quotes) where $Answer is the "
        "answer to the problem.\n\nSolve $x=1$.\n\nRemember to put your answer on its "
        'own line after "Answer:".'
    )
    eurus = "Solve $x=1$.\n\nPresent the answer in LaTex format: \\boxed{Your answer}"
    assert strip_markup(simplerl) == strip_markup(dapo) == "Solve $x=1$."
    assert strip_markup(eurus) == "Solve $x=1$."
    program = (
        "Print 1.\n\nWrite Python code to solve the problem. Present the code in \n"
        "```python\nYour code\n```\nat the end."
    )
    assert strip_markup(program) == "Print 1."


def test_lines_of_arguments_end_at_line_feeds_alone():
    row = {
        "problem": "Add.",
        "starter_code": "class Solution:\n  def add(self, a, b):",
        "tests": [TESTS[0] | {"input": '"a\u2028b"\n2'}],
    }
    for name in ("livecodebench", "code"):
        (test,) = adapt(name, row)["verify_info"]["tests"]
        assert test["input"] == ["a\u2028b", 2]


def test_tests_that_call_nothing_known_are_no_programs_on_stdin():
    row = {"problem": "Add.", "starter_code": "", "tests": TESTS}
    for name in ("livecodebench", "code"):
        assert "the name of what the tests call" in adapt(name, row)


def test_livecodebench_programs_on_stdin_are_told_from_methods():
    row = {
        "problem": "Add.",
        "starter_code": "",
        "tests": [TESTS[0] | {"testtype": ""}],
    }
    assert adapt("livecodebench", row)["verify_info"] == {
        "type": "stdio",
        "tests": [{"input": "1\n[2, 3]\n", "output": "[3]"}],
    }


def test_word_problems_are_solved_step_by_step():
    rows = [*words.generate(200, seed=4)]
    assert len({row["text"] for row in rows}) == 200
    assert rows == [*words.generate(200, seed=4)]
    for row in rows:
        assert len(row["text"].split()) >= 25, row["text"]
        read = words.adapt(row)
        solution = read["solutions"][0]["text"]
        assert solution.endswith(f"</think>\\boxed{{{read['answer']}}}")
        for part in row["work"].split("; "):
            total = int(re.match(r"\d+", part)[0])
            for sign, number, then in re.findall(r"([*+-])(\d+)=(\d+)", part):
                total = apply(sign, total, int(number))
                assert total == int(then), row["work"]
        assert total == row["answer"]


def apply(sign: str, left: int, right: int) -> int:
    return {"+": left + right, "-": left - right, "*": left * right}[sign]


PLANTED = {
    "seed": 1,
    "words_seed": 5,
    "words_templates": [0, 1, 2, 3, 4, 5, 6, 7],
    "heldout_seed": 11,
    "each": 8,
}


def planted_rows(label: str) -> list[dict[str, Any]]:
    return [row for row in planted.generate(**PLANTED) if row["label"] == label]


def test_eight_of_every_impurity_are_planted():
    counts = Counter(row["label"] for row in planted.generate(**PLANTED))
    labels = [*planted.SPOILS, "sibling", "leak", "wrong_answer", "unreadable"]
    beside = {"right_answer": 8 * (planted.BESIDE - 1)}
    assert counts == dict.fromkeys(labels, 8) | beside
    assert [*planted.generate(**PLANTED)] == [*planted.generate(**PLANTED)]


def test_planted_rows_are_what_their_label_says():
    templates = PLANTED["words_templates"]
    original = {row["text"]: row["answer"] for row in words.generate(80, 5, templates)}
    for label in [*planted.SPOILS, "sibling"]:
        assert all(row["of"] in original for row in planted_rows(label)), label
    for row in planted_rows("exact_copy"):
        assert row["text"].split() == row["of"].split()
        assert row["answer"] == original[row["of"]]
    for row in planted_rows("exact_copy_other_answer"):
        assert row["text"] == row["of"]
        assert row["answer"] != original[row["of"]]
    for row in [*planted_rows("near_copy"), *planted_rows("paraphrase")]:
        assert row["text"] != row["of"]
        assert numbers(row["text"]) == numbers(row["of"])
        assert row["answer"] == original[row["of"]]
    for row in planted_rows("sibling"):
        assert re.sub(r"\d+", "#", row["text"]) == re.sub(r"\d+", "#", row["of"])
        assert row["answer"] != original[row["of"]]


def test_a_sibling_is_no_copy_of_any_other_word_problem():
    rows = [*words.generate(160, 5, PLANTED["words_templates"])]
    siblings = [row["text"] for row in planted_rows("sibling")]
    known = {tuple(sorted(numbers(text))) for text in [row["text"] for row in rows]}

    assert len({tuple(sorted(numbers(text))) for text in siblings}) == 8
    assert not known & {tuple(sorted(numbers(text))) for text in siblings}


def test_near_copies_share_most_of_their_trigrams():
    for row in planted_rows("near_copy"):
        near, of = (trigrams(row[name]) for name in ("text", "of"))
        assert len(near & of) / len(near | of) >= 0.7


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+", text)


def test_leaks_are_held_out_chains_and_wrong_answers_are_wrong():
    heldout = arithmetic.generate(8, 11, planted.LEVELS, "heldout")
    chains = [arithmetic.problem(row["expression"]) for row in heldout]
    assert [row["of"] for row in planted_rows("leak")] == chains
    assert all(row["text"].endswith(row["of"]) for row in planted_rows("leak"))
    for row in planted_rows("wrong_answer"):
        right = arithmetic.totals(row["text"].removeprefix("Compute ")[:-1])[-1]
        assert row["answer"] == right + 7


def test_unreadable_rows_are_refused_with_a_reason():
    for row in planted_rows("unreadable"):
        assert isinstance(planted.adapt(row), str)


def test_gym_tasks_take_turns_and_repeat_themselves():
    tasks = ["chain_sum", "word_sorting", "knights_knaves"]
    rows = [*gym.generate(tasks, count=7, seed=3)]

    assert [row["task"] for row in rows] == [*tasks, *tasks, tasks[0]]
    assert [gym.adapt(row) for row in rows] == [
        gym.adapt(row) for row in gym.generate(tasks, count=7, seed=3)
    ]
    assert gym.adapt(rows[0])["verifier"] == "math"
    assert gym.adapt(rows[1])["verify_info"]["dataset"] == "word_sorting"


def test_an_unknown_gym_task_is_a_mistake():
    with pytest.raises(UserError, match="no task 'chain_sums'"):
        next(gym.generate(["chain_sums"], count=1, seed=0))


def trigrams(text: str) -> set[tuple[str, ...]]:
    """Runs of three words, numbers or operators."""
    parts = re.findall(r"[^\W\d_]+|\d+(?:\.\d+)?|[-+*/=<>^]", text.lower())
    return set(zip(parts, parts[1:], parts[2:], strict=False))


@pytest.mark.parametrize(
    ("time", "memory", "limits"),
    [(2.0, 256.0, {"timeout_s": 2.0, "memory_mb": 256.0}),
     ("2.5 seconds", "512.0 megabytes", {"timeout_s": 2.5, "memory_mb": 512.0}),
     ("1 second", None, {"timeout_s": 1.0}),
     ("soon", "256 gigabytes", {})],
)  # fmt: skip
def test_limits_are_read_as_codeforces_and_taco_have_them(time, memory, limits):
    row = EXAMPLES["code"][0]
    plain = adapt("code", row)["verify_info"]
    more = {"time_limit": time, "memory_limit": memory}
    assert adapt("code", row | more)["verify_info"] == plain | limits


@pytest.mark.parametrize(
    "row",
    [
        {"choices": ["Rome", "Paris"], "answer": 1},
        {"choices": {"text": ["Rome", "Paris"], "label": ["1", "2"]}, "answerKey": "2"},
        {"choices": [{"label": "A", "text": "Rome"}, {"label": "B", "text": "Paris"}],
         "answerKey": "B"},
        {"options": {"A": "Rome", "B": "Paris"}, "answer": "Paris", "answer_idx": "B"},
        {"A": "Rome", "B": "Paris", "answer": "B"},
        {"option_a": "Rome", "option_b": "Paris", "answer": "B"},
    ],
)  # fmt: skip
def test_options_are_read_however_they_stand_beside_the_question(row: dict[str, Any]):
    read = load_adapter("multiple_choice").adapt({"question": "Which?", **row})

    assert read["answer"] == "B"
    assert read["verify_info"] == {"choices": {"A": "Rome", "B": "Paris"}}
    assert read["problem"] == "Which?\n\nA) Rome\nB) Paris"
