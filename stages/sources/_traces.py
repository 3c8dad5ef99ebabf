"""What models wrote, in the shapes that published sets store it in.

A trace is a text, one of a list of texts, or the last turn of a chat (`from` and
`value`, or `role` and `content`). Thinking that stands in a column of its own goes in
front, between think tags. What the source's graders said of a trace stays beside it.
"""

import json
from typing import Any

from stages.sources._fields import Row, as_text, text

CHATS = ("conversations", "messages")
USERS = ("human", "user")
WRITERS = ("assistant", "gpt")


def read_question(row: Row, *names: str) -> str | None:
    """The first of `names` that holds a text, or a chat with one user's turn."""
    for name in (*names, *CHATS):
        value = row.get(name)
        turns = _turns(value, USERS)
        if question := (turns[0] if len(turns) == 1 else as_text(value)):
            return question
    return None


def read_traces(row: Row, author: str) -> list[Row]:
    """`traces`, or else the chat's answer, with `thinking` and `correct` beside them.

    They are by `teacher`, or by `author` where the row does not say. Lists out of step
    say nothing of any trace.
    """
    if not (texts := [as_text(value) for value in _list_traces(row)]):
        return []
    thinking = _beside(row.get("thinking"), len(texts))
    correct = _beside(row.get("correct"), len(texts))
    teacher = text(row, "teacher") or author
    return [
        {
            "text": _with_thinking(as_text(thought), written),
            "model": teacher,
            "correct": verdict if isinstance(verdict, bool) else None,
        }
        for written, thought, verdict in zip(texts, thinking, correct, strict=True)
        if written
    ]


def _list_traces(row: Row) -> list[Any]:
    """The traces as they are; a chat of several turns has none."""
    for name in ("traces", *CHATS):
        value = row.get(name)
        if written := _turns(value, WRITERS):
            return written if len(written) == 1 else []
        if value is not None and name == "traces":
            return value if isinstance(value, list) else [value]
    return []


def _turns(value: Any, speakers: tuple[str, ...]) -> list[str]:
    """What `speakers` say in a chat, or the JSON of one; none where it is no chat."""
    if isinstance(value, str) and value.startswith('[{"'):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    if not isinstance(value, list):
        return []
    texts = [
        as_text(turn.get("content", turn.get("value")))
        for turn in value
        if isinstance(turn, dict) and (turn.get("role") or turn.get("from")) in speakers
    ]
    return [text for text in texts if text]


def _beside(value: Any, count: int) -> list[Any]:
    """One value for each of `count` traces; a single value is of a single trace."""
    values = value if isinstance(value, list) else [value]
    return values if len(values) == count else [None] * count


def _with_thinking(thinking: str | None, written: str) -> str:
    if thinking is None:
        return written
    return f"<think>\n{thinking.strip()}\n</think>\n\n{written}"
