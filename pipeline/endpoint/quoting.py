"""Texts of others inside a prompt: shown to a model, never obeyed as part of it.

What a model wrote may tell the judge how to vote. So such text stands between
delimiters that nobody can guess, without the tokens that chat templates are made
of, without what cannot be seen, and no longer than it may be.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from html import unescape
from typing import Any

from pipeline.thinking import strip_thinking

# What opens a token of some chat template: <|im_start|>, <s>, </think>, [INST],
# <<SYS>>, <start_of_turn>, <｜User｜>, also in full width. A space makes it text.
CONTROL = re.compile(
    r"[<＜](?=[|｜＜<])|[|｜](?=[>＞])|[<＜](?=[/／]?[A-Za-z_][\w.-]*[>＞])"
    r"|\[(?=/?[A-Za-z][A-Za-z_]+\])"
)
# What Unicode ignores by default beside format characters, and blanks that are no
# white space: fillers, selectors of variants, the empty braille cell.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffc"
    "\U000e0100-\U000e01ef]"
)
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,30});")
MOST_ENTITIES = 4  # one inside the other
CUT = "\n[… {n} characters left out …]\n"


def sanitise(text: str, limit: int) -> str:
    """`text` as a prompt may hold it: visible, inert, at most `limit` characters.

    A text that is too long keeps its end, where answers stand, and some of its start.
    """
    if len(text) > 4 * limit:  # what is left out anyway need not be looked through
        text = _cut(text, 4 * limit)
    return _cut(CONTROL.sub(r"\g<0> ", _visible(text)), limit)


def fenced(name: str, text: str, token: str) -> str:
    """`text` in a block called `name`, whose delimiters carry `token`."""
    return f"<<{name} {token}>>\n{text}\n<<END {name} {token}>>"


def fence_token(*texts: str) -> str:
    """A delimiter that none of `texts` holds, the same for the same texts.

    It is a hash of all of them, so no text can be written around its own; and it
    does not change from run to run, so that answers can be kept by content.
    """
    salt = 0
    while True:
        salted = json.dumps([salt, *texts]).encode()
        token = blake2b(salted, digest_size=8).hexdigest()
        if not any(token in text for text in texts):
            return token
        salt += 1


def object_schema(**properties: dict[str, Any]) -> str:
    """The JSON Schema, as JSON, of an object with these properties and no others."""
    schema = {"type": "object", "properties": properties, "required": [*properties]}
    return json.dumps({**schema, "additionalProperties": False})


def strip_quotations(reply: str, token: str) -> str:
    """A reply without its thinking, and without blocks of `token` that it repeats."""
    text = strip_thinking(reply)
    if token not in text:
        return text
    return re.sub(rf"(?s)<<[A-Z_]+ {token}>>.*?<<END [A-Z_]+ {token}>>", "", text)


def json_values(reply: str, name: str) -> list[Any]:
    """What the JSON objects in a reply hold under `name`, its thinking passed over."""
    objects = json_objects(strip_thinking(reply))
    return [value[name] for value, _, _ in objects if name in value]


def json_objects(text: str) -> Iterator[tuple[dict[str, Any], int, int]]:
    """The outermost JSON objects in `text`, with where they start and end.

    An object that holds a key twice is passed over.
    """
    decoder, at = json.JSONDecoder(object_pairs_hook=_unique_keys), text.find("{")
    while at >= 0:
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        if isinstance(value, dict):
            yield value, at, end
        at = text.find("{", end)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = limit // 4
    tail = limit - head
    return text[:head] + CUT.format(n=len(text) - limit) + text[-tail:]


def _visible(text: str) -> str:
    """`text` without what cannot be seen, and without entities: `&lt;|` opens a token.

    An entity may stand for half of another, or hold what cannot be seen.
    """
    for _ in range(MOST_ENTITIES):
        before = text
        text = "".join(filter(_is_visible, BLANK.sub("", text)))
        text = ENTITY.sub(lambda entity: unescape(entity[0]), text)
        if text == before:
            return text
    return ENTITY.sub("", text)


def _is_visible(character: str) -> bool:
    """Whether it prints: no control, format (zero width, direction) or half a pair."""
    if character in "\n\t":
        return True
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
