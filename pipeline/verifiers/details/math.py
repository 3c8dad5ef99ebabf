"""What `math` may find in `verify_info`."""

from typing import Annotated

from pydantic import Field

from pipeline.verifiers.answers.policy import Policy
from pipeline.verifiers.details.contract import Details, Object, Text

MOST_ANSWERS = 100


class Info(Details):
    """The options of `math`."""

    policy: Annotated[Policy, Object] = Field(
        default=Policy(), description="what is no mathematics (below)"
    )
    alternatives: list[Text] = Field(
        default=[],
        max_length=MOST_ANSWERS,
        description=f"at most {MOST_ANSWERS} further answers, each of them right",
    )
