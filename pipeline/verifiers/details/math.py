"""What `math` may find in `verify_info`."""

from typing import Annotated

from pydantic import Field

from pipeline.verifiers.answers.policy import Policy
from pipeline.verifiers.details.contract import Details, Object, Text


class Info(Details):
    """The options of `math`."""

    policy: Annotated[Policy, Object] = Field(
        default=Policy(), description="what is no mathematics (below)"
    )
    alternatives: list[Text] = Field(
        default=[], description="further answers, each of them right"
    )
