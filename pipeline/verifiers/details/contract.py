"""The details of a row, `verify_info`, read by the model that its verifier declares.

A file here, called like its verifier, has `Info`: every option with its type and what
it means. Rows are held to it where they come in and again where they are judged; a
verifier trusts what it gets.

One rule of types: a value has the type that is declared. A number, true or false may
also stand as text, as JSON would write it ("0.01", "true"), and a number where text is
expected; whatever else would have to be guessed ("2.0 seconds", "yes") is refused.
null is the default. Names that are not declared stay for others to read; under
`policy` they are refused.
"""

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from pipeline.rows import read_json

SHOWN = 80  # characters of a value that is refused
# pydantic's kinds of errors in our words.
EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "an object",
    "extra_forbidden": "no option of this name",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "missing": "a value",
    "string_type": "text",
    "too_long": "fewer values",
}


class BadInfo(ValueError):
    """A row's `verify_info` is not what its verifier declares: which field, and why."""


def from_text(value: Any) -> Any:
    """The number or truth value that a text is in JSON; else the value as it is."""
    if not isinstance(value, str) or value != value.strip():
        return value
    read = read_json(value)
    return read if isinstance(read, bool | int | float) else value


def _whole(value: Any) -> Any:
    value = from_text(value)
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value


def _text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json.dumps(value) if is_number else value


def _object(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


Number = Annotated[float, BeforeValidator(from_text), Field(allow_inf_nan=False)]
NotNegative = Annotated[Number, Field(ge=0)]
Whole = Annotated[int, BeforeValidator(_whole)]
Flag = Annotated[bool, BeforeValidator(from_text)]
Text = Annotated[str, BeforeValidator(_text)]
Object = BeforeValidator(_object)


class Details(BaseModel):
    """The options of a verifier; what a row does not say has its default."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _null_is_the_default(cls, info: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in info.items() if value is not None}


def known_verifiers() -> list[str]:
    """The verifiers that declare their details here: all that there are."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem for file in files if file.stem != "contract")


@cache
def load_info(verifier: str) -> type[Details]:
    """What the verifier declares; BadInfo where nobody knows the verifier."""
    if verifier not in known_verifiers():
        names = ", ".join(known_verifiers())
        raise BadInfo(f"verifier: expected one of {names}, found {_show(verifier)}")
    declared: type[Details] = import_module(f"{__package__}.{verifier}").Info
    return declared


def read_info(verifier: str, info: dict[str, Any]) -> dict[str, Any]:
    """`info` with what its verifier declares in the types it declares.

    BadInfo names the first field that is of another type, and what was expected.
    """
    try:
        model = load_info(verifier).model_validate(info)
    except ValidationError as error:
        raise BadInfo(_describe(error)) from None
    read = {name: getattr(model, name) for name in model.model_fields_set}
    return {name: info[name] for name in info if info[name] is not None} | read


def _describe(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(["verify_info", *map(str, first["loc"])])
    own = first.get("ctx", {}).get("error")
    expected = own or EXPECTED.get(first["type"]) or first["msg"]
    expected = str(expected).removeprefix("Input should be ")
    found = "none" if first["type"] == "missing" else _show(first["input"])
    return f"{field}: expected {expected}, found {found}"


def _show(value: Any) -> str:
    """A value as JSON, cut; of one that is nested, only what it is."""
    if isinstance(value, dict | list | tuple):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return f"a {type(value).__name__}"
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
