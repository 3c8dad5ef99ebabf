"""How a problem is put to a model: the same in sampling, training and evaluation.

A pass rate is a fact about a model and the way it is asked. So the recipe says once,
in the section `prompt`, what stands beside the problem, and rollouts, export and
evaluation read it there.
"""

from typing import Any

from pydantic import Field, field_validator

from pipeline.settings import Shared

# What `sampling` cannot set: rollouts and evaluation have settings of their own for it.
RESERVED = {"max_tokens", "n", "seed", "stop", "temperature", "top_p"}


class Prompt(Shared):
    """The section `prompt`.

    `system` is a system message and `suffix` a line after the problem; where they are
    empty there is none. `chat` goes to the chat template (`enable_thinking`, for models
    that can do without). A completion ends before any of the texts in `stop`.
    `sampling` holds further settings under vLLM's names (`top_k`, `min_p`,
    `repetition_penalty`).
    """

    system: str = ""
    suffix: str = ""
    chat: dict[str, Any] = Field(default_factory=dict)
    stop: tuple[str, ...] = ()
    sampling: dict[str, Any] = Field(default_factory=dict)

    @field_validator("sampling")
    @classmethod
    def _is_nothing_else(cls, sampling: dict[str, Any]) -> dict[str, Any]:
        if reserved := sorted(RESERVED & sampling.keys()):
            raise ValueError(f"not in `sampling`: {', '.join(reserved)}")
        return sampling


def messages(problem: str, prompt: Prompt = Prompt()) -> list[dict[str, str]]:  # noqa: B008
    """The chat messages that ask a model `problem`."""
    user = f"{problem}\n{prompt.suffix}" if prompt.suffix else problem
    system = [{"role": "system", "content": prompt.system}] if prompt.system else []
    return [*system, {"role": "user", "content": user}]
