"""What users ask and models write, in the shapes in which people store it.

A text, a turn, a chat, the object that an engine or a server gave back (with `text`,
`choices`, `candidates`, `outputs` or `content` in parts), a list of any, or JSON of a
chat or an answer. What stands beside a text in its object, the model, how it ended
and how many tokens it had, is read with it; thinking goes in front, between tags.
"""

from typing import Any, NamedTuple

from pipeline.rows import Row, read_json
from pipeline.text import as_text

USERS = ("human", "user")
WRITERS = ("assistant", "gpt", "model")
# Where an object holds its completions, and where its text; the first that is there.
INSIDE = ("choices", "candidates", "outputs", "messages", "message", "completion",
          "response", "output", "content")  # fmt: skip
TEXTS = ("text", "content", "value", "generated_text", "response", "completion",
         "output", "solution", "parts")  # fmt: skip
THOUGHTS = ("reasoning_content", "reasoning", "thinking")


class Completion(NamedTuple):
    """What a model wrote once, None where nothing can be read; and what is known of it.

    `end` is why it stopped and `n_tokens` how many tokens it had, as they are recorded.
    """

    text: str | None
    model: str | None = None
    end: Any = None
    n_tokens: Any = None


def read_question(value: Any) -> str | None:
    """A text, or the only user's turn of a chat."""
    turns = read_turns(value, USERS)
    return turns[0] if len(turns) == 1 else as_text(value)


def read_turns(value: Any, speakers: tuple[str, ...]) -> list[str]:
    """What `speakers` say in a chat, or the JSON of one; none where it is no chat."""
    value = _parse(value)
    if not isinstance(value, list):
        return []
    texts = [_text(turn) for turn in value if _speaker(turn) in speakers]
    return [text for text in texts if text]


def read_completions(value: Any) -> list[Completion]:
    """Every completion that `value` holds, in order; one for each member of a list."""
    value = _parse(value)
    if isinstance(value, list) and any(map(_speaker, value)):
        return _read_chat(value)
    if isinstance(value, list):
        return [each for part in value for each in read_completions(part)]
    if not isinstance(value, dict):
        return [Completion(value if isinstance(value, str) else as_text(value))]
    if text := _text(value):
        return [_describe(value, text)]
    inner = next((value[name] for name in INSIDE if value.get(name)), None)
    inside = read_completions(inner) if inner else [Completion(None)]
    return [_inherit(each, value, alone=len(inside) == 1) for each in inside]


def _read_chat(turns: list[Any]) -> list[Completion]:
    """What is written in answer to the last user, or in several answers to nobody."""
    written = [_describe(t, _text(t)) for t in turns if _speaker(t) in WRITERS]
    is_one = any(_speaker(turn) in USERS for turn in turns)
    return (written[-1:] if is_one else written) or [Completion(None)]


def _describe(value: Row, text: str | None) -> Completion:
    return _inherit(Completion(text), value, alone=True)


def _inherit(each: Completion, value: Row, *, alone: bool) -> Completion:
    """A completion with what the object around it says; tokens are of a single one."""
    usage = value.get("usage")
    counts = value | (usage if isinstance(usage, dict) else {})
    count = _first(counts, "n_tokens", "completion_tokens", "output_tokens")
    end = _first(value, "finish_reason", "finishReason", "stop_reason")
    return Completion(
        each.text,
        each.model or as_text(_first(value, "model", "model_name", "generator")),
        end if each.end is None else each.end,
        count if each.n_tokens is None and alone else each.n_tokens,
    )


def _speaker(turn: Any) -> str:
    who = (turn.get("role") or turn.get("from")) if isinstance(turn, dict) else None
    return who if isinstance(who, str) else ""


def _text(value: Row) -> str | None:
    """The text of a turn or an answer, with its thinking in front."""
    if value.keys() & {"choices", "candidates", "outputs"}:
        return None
    texts = (_join(value.get(name)) for name in TEXTS)
    text = next(filter(None, texts), None)
    thought = next((t for name in THOUGHTS if (t := as_text(value.get(name)))), None)
    return add_thinking(thought, text) if text and thought else text


def _join(value: Any) -> str | None:
    """A text, or the parts of one that are texts."""
    if not isinstance(value, list):
        return as_text(value)
    parts = [part for part in value if isinstance(part, dict)]
    if len(parts) < len(value) or any(map(_speaker, parts)):
        return None
    texts = "".join(text for part in parts if (text := as_text(part.get("text"))))
    thought = next(filter(None, (as_text(p.get("thinking")) for p in parts)), None)
    return add_thinking(thought, texts) if texts and thought else texts or None


def add_thinking(thinking: str | None, written: str) -> str:
    """What was written, with its thinking in front between tags."""
    if thinking is None:
        return written
    return f"<think>\n{thinking.strip()}\n</think>\n\n{written}"


def _parse(value: Any) -> Any:
    """The chat or the answer of a server that a text is JSON of; else `value`."""
    if not isinstance(value, str) or not value.startswith(('[{"', '{"')):
        return value
    parsed = read_json(value, otherwise=value)
    is_chat = isinstance(parsed, list) and any(map(_speaker, parsed))
    is_answer = isinstance(parsed, dict) and isinstance(parsed.get("choices"), list)
    return parsed if is_chat or is_answer else value


def _first(row: Row, *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)
