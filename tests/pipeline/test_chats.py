"""Completions in the shapes of engines, servers and published sets."""

import json
from typing import Any

import pytest

from pipeline.chats import Completion, read_completions, read_question, read_turns

ASKED = {"role": "user", "content": "1+1?"}
SAID = {"role": "assistant", "content": "2"}
SERVED = {
    "id": "c1",
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": SAID},
        {"index": 1, "finish_reason": "length", "message": SAID | {"content": "3"}},
    ],
    "usage": {"completion_tokens": 9},
}
TWO = [Completion("2", "m", "stop"), Completion("3", "m", "length")]
ONE = [Completion("2")]


@pytest.mark.parametrize(
    ("value", "completions"),
    [
        ("2", ONE),
        (["2", None, "3"], [*ONE, Completion(None), Completion("3")]),
        (2, ONE),
        (SAID, ONE),
        ([SAID], ONE),
        ([ASKED, SAID], ONE),
        (json.dumps([ASKED, SAID]), ONE),
        ([[ASKED, SAID], [ASKED, SAID | {"content": "3"}]], [*ONE, Completion("3")]),
        ([SAID, SAID | {"content": "3"}], [*ONE, Completion("3")]),
        ([{"from": "gpt", "value": "2"}], ONE),
        ([ASKED], [Completion(None)]),
        ({"text": "2", "model": "m"}, [Completion("2", "m")]),
        (
            [{"text": "2", "finish_reason": "stop", "n_tokens": 1}],
            [Completion("2", None, "stop", 1)],
        ),
        (SERVED, TWO),
        (json.dumps(SERVED), TWO),
        (SERVED["choices"], [each._replace(model=None) for each in TWO]),
        (
            {"choices": [{"text": "2"}], "usage": {"completion_tokens": 9}},
            [Completion("2", n_tokens=9)],
        ),
        ({"response": SERVED}, TWO),
        (
            {"content": [{"type": "thinking", "thinking": "1 and 1"},
                         {"type": "text", "text": "2"}], "stop_reason": "end_turn"},
            [Completion("<think>\n1 and 1\n</think>\n\n2", None, "end_turn")],
        ),
        (SAID | {"reasoning_content": " so "},
         [Completion("<think>\nso\n</think>\n\n2")]),
        ({"candidates": [{"content": {"role": "model", "parts": [{"text": "2"}]},
                          "finishReason": "STOP"}]}, [Completion("2", None, "STOP")]),
        ({"output": [{"type": "message", "content": [
            {"type": "output_text", "text": "2"}]}]}, ONE),
        ({"outputs": [{"text": "2", "finish_reason": "stop"}]},
         [Completion("2", None, "stop")]),
        ({"score": 1}, [Completion(None)]),
        ('{"answer": 2}', [Completion('{"answer": 2}')]),
        ('[{"role"', [Completion('[{"role"')]),
        ("", [Completion("")]),
        (None, [Completion(None)]),
        ([], []),
        ([[], {}], [Completion(None)]),
    ],
)  # fmt: skip
def test_completions_are_read_from_any_shape(value: Any, completions: list[Completion]):
    assert read_completions(value) == completions


def test_a_question_is_a_text_or_the_only_user_of_a_chat():
    assert read_question([ASKED, SAID]) == "1+1?"
    assert read_question("1+1?") == "1+1?"
    assert read_question([ASKED, SAID, ASKED]) is None
    assert read_turns([ASKED, 5, SAID], ("assistant",)) == ["2"]
    assert read_turns({"role": "user"}, ("user",)) == []
