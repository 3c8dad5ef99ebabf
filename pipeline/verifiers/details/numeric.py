"""What `numeric` may find in `verify_info`."""

from typing import Annotated, NamedTuple

from pydantic import Field

from pipeline.verifiers.answers.policy import Units
from pipeline.verifiers.details.contract import Details, NotNegative, Object


class Policy(NamedTuple):
    """What the unit of an answer is worth."""

    units: Units = "optional"


class Info(Details):
    """The options of `numeric`."""

    rel_tol: NotNegative = Field(
        default=1e-4, description="how far off is right, as a share of the gold number"
    )
    abs_tol: NotNegative = Field(default=0.0, description="how far off is right")
    policy: Annotated[Policy, Object] = Field(
        default=Policy(), description="`units`: what the unit is worth"
    )
