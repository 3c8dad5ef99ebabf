"""What `puzzle` may find in `verify_info`."""

from math import isfinite
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from pipeline.verifiers.details.contract import Details, Text, from_text


def _check_number(value: Any) -> Any:
    """A number as it was written: a whole one of any length stays whole."""
    number = from_text(value)
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    if not is_number or (isinstance(number, float) and not isfinite(number)):
        raise ValueError("a number")
    return number


def _check_table(value: Any) -> Any:
    if not isinstance(value, dict | list):
        raise ValueError("a table of houses")
    return value


Numeral = Annotated[Any, AfterValidator(_check_number)]


class Info(Details):
    """The options of `puzzle`."""

    task: Text = Field(
        description="`countdown`, `knights_knaves`, `zebra` or `reasoning_gym`"
    )
    numbers: list[Numeral] = Field(default=[], description="of a countdown")
    target: Numeral = Field(default=0, description="of a countdown")
    names: list[Text] = Field(default=[], description="of knights and knaves")
    solution: Annotated[Any, AfterValidator(_check_table)] = Field(
        default={}, description="of a zebra puzzle: `header` and `rows`"
    )
    dataset: str = Field(default="", description="of reasoning-gym")
    entry: dict[str, Any] = Field(default={}, description="of reasoning-gym")
