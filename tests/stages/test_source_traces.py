"""What models wrote, read from the shapes in which published sets store it."""

from typing import Any

import pytest
from pydantic import ValidationError

from stages.sources._source import Source
from tests.support.rows import collect_with

CHAT = [
    {"from": "system", "value": "Think."},
    {"from": "human", "value": "What is 1+1?"},
    {"from": "gpt", "value": "It is 2."},
]
MESSAGES = [
    {"role": "user", "content": "What is 1+1?", "info": {"reference_answer": "2"}},
    {"role": "assistant", "content": "It is 2.", "info": None},
]


def read(row: dict[str, Any], **options: Any) -> tuple[Any, ...]:
    """Problem, answer and traces of the only row."""
    kept = collect_with(options, row).kept
    traces = [tuple(trace.values()) for trace in kept["solutions"][0]]
    return kept["problem"][0], kept["answer"][0], traces


@pytest.mark.parametrize(
    ("row", "columns"),
    [
        pytest.param({"conversations": CHAT, "answer": "2"}, {}, id="from and value"),
        pytest.param(
            {"messages": MESSAGES},
            {"answer": "messages.0.info.reference_answer"},
            id="role and content",
        ),
        pytest.param(
            {"input": MESSAGES[:1], "output": "It is 2.", "gold": "2"},
            {"problem": "input", "traces": "output", "answer": "gold"},
            id="the question alone is a chat",
        ),
    ],
)
def test_a_chat_is_a_problem_and_a_trace(row: dict[str, Any], columns: dict[str, str]):
    options = {"adapter": "generic", "columns": columns, "teacher": "R1"}
    assert read(row, **options) == ("What is 1+1?", "2", [("It is 2.", "R1", None)])


def test_lists_of_traces_have_their_verdicts_beside_them():
    row = {"problem": "1+1?", "answer": "2", "generations": ["2", "3", None, "4"]}
    columns = {"traces": "generations", "correct": "right"}
    options = {"adapter": "math", "columns": columns, "teacher": "R1"}

    verdicts = [True, False, False, None]
    assert read(row | {"right": verdicts}, **options)[2] == [
        ("2", "R1", True),
        ("3", "R1", False),
        ("4", "R1", None),
    ]
    assert [trace[2] for trace in read(row | {"right": [True]}, **options)[2]] == [
        None,
        None,
        None,
    ]


def test_thinking_in_a_column_of_its_own_goes_in_front():
    row = {"problem": "1+1?", "answer": "2", "cot": [" one and one "], "final": "2."}
    columns = {"thinking": "cot", "traces": "final"}

    traces = read(row, adapter="math", columns=columns)[2]
    assert traces == [("<think>\none and one\n</think>\n\n2.", "source", None)]


def test_a_column_says_who_wrote_a_trace_and_the_source_who_else():
    row = {"problem": "1+1?", "answer": "2", "traces": "2.", "by": "QwQ"}

    assert read(row, adapter="math", columns={"teacher": "by"})[2][0][1] == "QwQ"
    assert read(row, adapter="math", teacher="R1")[2][0][1] == "R1"


def test_a_chat_of_several_turns_is_no_problem():
    row = {"conversations": [*CHAT, *CHAT[1:]], "answer": "2"}
    (reason,) = collect_with({"adapter": "generic"}, row).dropped["evidence"]
    assert "problem: expected text" in reason


def test_a_pattern_takes_instructions_off():
    row = {"problem": "Return a box. What is 1+1?", "answer": "2"}
    options = {"adapter": "generic", "pattern": {"problem": "^(?:Return a box. )?(.*)"}}

    assert read(row, **options)[0] == "What is 1+1?"
    with pytest.raises(ValidationError, match="has no group"):
        Source(**options | {"pattern": {"problem": ".*"}, "path": "anything"})


def test_without_a_verifier_no_gold_answer_is_needed():
    rows = {"problem": "Prove it.", "traces": "Done."}, {"problem": "And this?"}
    options = {"adapter": "generic", "set": {"verifier": None}}

    assert collect_with(options, *rows).kept["verifier"].to_list() == [None, None]
    assert collect_with({"adapter": "generic"}, *rows).kept.is_empty()
