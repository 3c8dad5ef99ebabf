"""What models wrote, in the shapes that published sets store it in.

A trace is a text, one of a list, the last turn of a chat, or what a server gave back
(`pipeline/chats.py`). Thinking that stands in a column of its own goes in front,
between think tags. What the source's graders said of a trace stays beside it.
"""

from typing import Any

from pipeline import chats
from pipeline.chats import Completion, add_thinking, read_completions, read_turns
from stages.sources._fields import Row, as_text, text

CHATS = ("conversations", "messages")


def read_question(row: Row, *names: str) -> str | None:
    """The first of `names` that holds a text, or a chat with one user's turn."""
    values = (row.get(name) for name in (*names, *CHATS))
    return next(filter(None, map(chats.read_question, values)), None)


def read_traces(row: Row, author: str) -> list[Row]:
    """`traces`, or else the chat's answer, with `thinking` and `correct` beside them.

    They are by `teacher`, by whom they name themselves, or by `author`. Lists out of
    step say nothing of any trace.
    """
    if not (traces := _list_traces(row)):
        return []
    thinking = _beside(row.get("thinking"), len(traces))
    correct = _beside(row.get("correct"), len(traces))
    teacher = text(row, "teacher")
    return [
        {
            "text": add_thinking(as_text(thought), written),
            "model": teacher or trace.model or author,
            "correct": verdict if isinstance(verdict, bool) else None,
        }
        for trace, thought, verdict in zip(traces, thinking, correct, strict=True)
        if (written := as_text(trace.text))
    ]


def _list_traces(row: Row) -> list[Completion]:
    """The traces as they are; a chat of several turns has none."""
    if row.get("traces") is not None:
        value = row["traces"]
        turns = read_turns(value, chats.USERS)
        return read_completions(value) if len(turns) < 2 else []
    for name in CHATS:
        if written := read_turns(row.get(name), chats.WRITERS):
            return [Completion(written[0])] if len(written) == 1 else []
    return []


def _beside(value: Any, count: int) -> list[Any]:
    """One value for each of `count` traces; a single value is of a single trace."""
    values = value if isinstance(value, list) else [value]
    return values if len(values) == count else [None] * count
