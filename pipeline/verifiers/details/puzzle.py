"""What `puzzle` may find in `verify_info`."""

from typing import Any

from pydantic import Field

from pipeline.verifiers.details.contract import Details, Text, Whole


class Info(Details):
    """The options of `puzzle`."""

    task: Text = Field(
        description="`countdown`, `knights_knaves`, `zebra` or `reasoning_gym`"
    )
    numbers: list[Whole] = Field(default=[], description="of a countdown")
    target: Whole = Field(default=0, description="of a countdown")
    names: list[Text] = Field(default=[], description="of knights and knaves")
    solution: dict[str, Any] = Field(
        default={}, description="of a zebra puzzle: `header` and `rows`"
    )
    dataset: Text = Field(default="", description="of reasoning-gym")
    entry: dict[str, Any] = Field(default={}, description="of reasoning-gym")
