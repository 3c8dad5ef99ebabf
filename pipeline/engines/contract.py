"""What an engine is: a file here with a class `Engine` that samples a model.

    class Options(Settings)                         what params may set
    class Engine:
        def __init__(self, model: Model, options: dict[str, Any]) -> None
        def sample(self, prompts, seeds, *, temperature, top_p, max_tokens)
            -> list[Completion]

`prompts` holds chat messages, one list a completion; `seeds` one seed each. A
prompt that leaves no room in the context for `max_tokens` is answered with
`prompt_too_long` and no text: it is never cut. Temperature 0 is greedy.
"""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import UserError
from pipeline.models import Model

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Completion:
    """`finish_reason`: stop, length (cut at max_tokens) or prompt_too_long."""

    text: str
    n_tokens: int
    finish_reason: str


TOO_LONG = Completion("", 0, "prompt_too_long")


class Engine(Protocol):
    """A loaded model, ready to be sampled."""

    def sample(
        self,
        prompts: list[Messages],
        seeds: list[int],
        *,
        temperature: float,
        top_p: float,
        max_tokens: int,
    ) -> list[Completion]: ...


def known() -> list[str]:
    """The engines there are: the files of this folder that are not this one."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem for file in files if file.stem != "contract")


def load(name: str, model: Model, options: dict[str, Any]) -> Engine:
    """The engine called `name`, with `model` loaded."""
    if name not in known():
        raise UserError(
            f"no engine is called {name!r}", hint=f"try {', '.join(known())}"
        )
    try:
        module = import_module(f"pipeline.engines.{name}")
        engine: Engine = module.Engine(model, options)
    except ImportError as error:
        raise UserError(
            f"engine {name} cannot be loaded: {error}",
            hint=f'pip install "goldsieve[{"vllm" if name == "vllm" else "train"}]"',
        ) from error
    return engine
