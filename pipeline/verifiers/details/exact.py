"""What `exact` may find in `verify_info`."""

from typing import Annotated, NamedTuple

from pydantic import Field

from pipeline.verifiers.details.contract import Details, Flag, Object


class Policy(NamedTuple):
    """What counts when two texts are compared."""

    case: Flag = False
    punctuation: Flag = False
    articles: Flag = False


class Info(Details):
    """The options of `exact`."""

    policy: Annotated[Policy, Object] = Field(
        default=Policy(), description="`case`, `punctuation`, `articles`: what counts"
    )
