"""What `choice` may find in `verify_info`."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline.verifiers.details.contract import Details, Text


def _by_letter(choices: Any) -> Any:
    """A list of texts as an object from A on."""
    if not isinstance(choices, list):
        return choices
    return {chr(ord("A") + number): text for number, text in enumerate(choices)}


MOST_CHOICES = 100
Choices = Annotated[
    dict[str, Text], BeforeValidator(_by_letter), Field(max_length=MOST_CHOICES)
]


class Info(Details):
    """The options of `choice`."""

    choices: Choices = Field(
        default={}, description="their texts, by letter or a list of them from A on"
    )
