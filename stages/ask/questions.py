"""What a question is: its text, what is read of a reply, who answers and how often.

The text of a question may be a file of recipes/prompts. Its head, in YAML between two
lines of `---`, holds settings of the question; the recipe's own win.
"""

import re
from math import isfinite
from pathlib import Path
from sys import float_info
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, model_validator

from pipeline.endpoint.client import Endpoint
from pipeline.endpoint.quoting import object_schema
from pipeline.project import project_files
from pipeline.settings import Settings

FOLDER = project_files() / "recipes" / "prompts"
HEAD = re.compile(r"\A---\n(.*?)\n---\n", re.S)
NAME = r"^[a-z][a-z0-9_]*$"
# What a summary holds beside its fields.
COUNTS = ("votes", "unreadable", "fault")
SUFFIXES = ("share", "yes", "mean", "correct", "undecided")
JSON_TYPES = {"answer": "string", "note": "string"}

Column = Literal["problem", "answer", "verifier", "verify_info", "domain"]


class Kind(Settings):
    """What a field of the answer holds.

    Written as a word (`boolean`), as a list of choices, or as a mapping with the bounds
    of a number. An `answer` is a text that answers the problem: the row's verifier
    judges it, and spellings of one answer count together. A `note` is a text for the
    model to think in: it is not kept.
    """

    type: Literal["boolean", "number", "integer", "string", "answer", "note"] = "string"
    choices: tuple[str, ...] = ()
    minimum: float = float("-inf")
    maximum: float = float("inf")

    @property
    def json_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": JSON_TYPES.get(self.type, self.type)}
        if self.choices:
            schema["enum"] = list(self.choices)
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return schema | {name: end for name, end in bounds.items() if isfinite(end)}

    def accepts(self, value: Any) -> bool:
        """Whether `value`, read from JSON, is one of these."""
        if self.json_schema["type"] == "string":
            return isinstance(value, str) and (value in (self.choices or (value,)))
        if self.type == "boolean" or isinstance(value, bool):
            return self.type == "boolean" and isinstance(value, bool)
        if not isinstance(value, int | float) or not abs(value) <= float_info.max:
            return False  # NaN, or more than a float can be
        if self.type == "integer" and not _is_int64(value):
            return False
        return self.minimum <= value <= self.maximum

    def read(self, value: Any) -> Any:
        """`value`, which is one of these, in one type: 7.0 is the integer 7."""
        casts = {"integer": int, "number": float}
        return casts.get(self.type, lambda same: same)(value)


def _is_int64(value: float) -> bool:
    is_whole = isinstance(value, int) or value.is_integer()
    return is_whole and -(2**63) <= value < 2**63


def _as_kind(value: Any) -> Any:
    """A word or a list of choices as the mapping that it stands for."""
    if isinstance(value, str):
        return {"type": value}
    return {"choices": value} if isinstance(value, list | tuple) else value


def _with_head(values: Any) -> Any:
    """The settings with those in the head of the prompt's file below them."""
    prompt = values.get("prompt") if isinstance(values, dict) else None
    if not isinstance(prompt, str) or not prompt.endswith(".md"):
        return values
    file = Path(prompt) if "/" in prompt else FOLDER / prompt
    if not file.is_file():
        known = ", ".join(sorted(other.name for other in FOLDER.glob("*.md")))
        raise ValueError(f"there is no prompt {file}; recipes/prompts has {known}")
    text = file.read_text("utf-8")
    if not (head := HEAD.match(text)):
        return {**values, "prompt": text.strip()}
    return {**yaml.safe_load(head[1]), **values, "prompt": text[head.end() :].strip()}


class Poll(Settings):
    """A question about rows, put to every model `votes` times.

    `prompt` is its text, or a file of recipes/prompts ("valid.md"). `about` are the
    columns that are shown (`solution` is the first solution), `fields` what is read of
    the answer. A model is a name at the stage's endpoint, or a mapping of what is
    another endpoint's. `where` is SQL: which rows are asked about. `rewrite` maps a
    column to the field that takes its place, where a share `agree` of all votes is for
    it; `set` are values that go with it.
    """

    prompt: str
    about: tuple[str, ...] = ("problem",)
    fields: dict[
        Annotated[str, Field(pattern=NAME)], Annotated[Kind, BeforeValidator(_as_kind)]
    ] = Field(min_length=1)
    models: tuple[str | dict[str, Any], ...] = ()
    votes: int = Field(default=1, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int | None = Field(default=None, ge=1)
    max_chars: int = Field(default=8_000, ge=100)
    where: str = ""
    rewrite: dict[Column, str] = Field(default_factory=dict)
    set: dict[Column, str] = Field(default_factory=dict)
    agree: float = Field(default=0.5, ge=0, le=1)

    @model_validator(mode="before")
    @classmethod
    def _reads_its_file(cls, values: Any) -> Any:
        return _with_head(values)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.votes > 1 and self.temperature == 0:
            raise ValueError(f"{self.votes} votes at temperature 0 are one vote")
        for name in self.fields:
            stem, _, suffix = name.rpartition("_")
            if name in COUNTS or (suffix in SUFFIXES and stem in self.fields):
                raise ValueError(f"`{name}` is the name of a count: name it otherwise")
        if unknown := set(self.rewrite.values()) - set(self.fields):
            raise ValueError(f"`rewrite` names {sorted(unknown)}, which is no field")
        if notes := {f for f in self.rewrite.values() if self.fields[f].type == "note"}:
            raise ValueError(f"`rewrite` names {sorted(notes)}, which is not kept")
        if self.set and not self.rewrite:
            raise ValueError("`set` goes with `rewrite`")
        return self

    @property
    def summary_fields(self) -> dict[str, Kind]:
        """The fields that a summary holds."""
        return {name: k for name, k in self.fields.items() if k.type != "note"}

    @property
    def json_schema(self) -> str:
        """JSON Schema of the answer, as JSON."""
        kinds = {name: kind.json_schema for name, kind in self.fields.items()}
        return object_schema(**kinds)

    def endpoints(self, endpoint: Endpoint) -> list[Endpoint]:
        """One for every model; `endpoint` is the stage's."""
        own = [{"model": m} if isinstance(m, str) else m for m in self.models]
        whole = endpoint.model_dump()
        return [Endpoint.model_validate(whole | each) for each in own or [{}]]
