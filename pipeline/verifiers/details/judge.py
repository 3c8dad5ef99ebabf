"""What `judge` may find in `verify_info`."""

from typing import Any

from pydantic import Field

from pipeline.verifiers.details.choice import Choices
from pipeline.verifiers.details.contract import Details, Number, Text


class Info(Details):
    """The options of `judge`."""

    problem: Text = Field(default="", description="the question, if not the row's own")
    domain: Text = Field(default="", description="which rubric applies")
    choices: Choices = Field(default={}, description="the choices of the question")
    rubric: Any = Field(
        default=None, description='criteria: a text, or a list of them with "points"'
    )
    min_score: Number = Field(
        default=1.0, description="the share of the rubric's points that is enough"
    )
