"""How samples come about: the settings of rollouts, and of each of its passes."""

from typing import Any, Literal

from pydantic import Field, model_validator

from pipeline.engines.contract import Options
from pipeline.models import Reference
from pipeline.prompts import Prompt
from pipeline.sampling.sampler import Method
from pipeline.settings import Settings
from stages.rollouts.replay import Replay

BUDGET = 10.0  # where neither a budget nor a certainty is given


class Adaptive(Settings):
    """How many samples it may cost to decide which problems are in the window.

    `budget` is the mean number of samples a problem; none gets more than `most`. With
    `certainty` a problem stops once its posterior puts it on one side with that
    confidence, and there is no budget unless one is given.
    A round smaller than `least_round` takes several samples of each problem at once,
    so that the engine is kept busy.
    """

    first: int = Field(default=2, ge=1)
    most: int = Field(default=64, ge=1)
    budget: float | None = Field(default=None, ge=1)
    certainty: float | None = Field(default=None, gt=0.5, lt=1)
    least_round: int = Field(default=256, ge=1)

    @property
    def mean(self) -> float:
        """Samples a problem that may be spent on average."""
        if self.budget is None:
            return BUDGET if self.certainty is None else self.most
        return self.budget


class Way(Settings):
    """How completions are sampled, or where they are recorded.

    `vllm` and `server` hold the options of these engines that change what is sampled;
    those that only change how fast are in machine.yaml. `timeout_s` bounds a verdict
    that is needed while sampling.
    """

    engine: Literal["transformers", "vllm", "server", "replay"] = "transformers"
    samples: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)
    seed: int = 0
    batch_size: int = Field(default=256, ge=1)
    timeout_s: float = Field(default=20.0, gt=0)
    vllm: Options = Field(default_factory=dict)
    server: Options = Field(default_factory=dict)
    replay: tuple[Replay, ...] = ()
    adaptive: Adaptive | None = None
    prompt: Prompt = Prompt()

    @model_validator(mode="after")
    def _fits(self) -> "Way":
        if (self.engine == "replay") != bool(self.replay):
            raise ValueError("engine: replay and a list `replay` go together")
        if self.adaptive and self.engine == "replay":
            raise ValueError("recorded completions cannot be sampled adaptively")
        return self

    @property
    def method(self) -> Method:
        """How the model is sampled."""
        batches = {"batch_size": self.batch_size}
        return Method(
            self.engine,
            {"vllm": self.vllm, "server": self.server}.get(self.engine, batches),
            self.prompt,
            self.seed,
            self.temperature,
            self.top_p,
            self.max_tokens,
        )


class Pass(Way):
    """One model, sampled on the problems for which `where` is true.

    Without a `model` it is the recipe's. What a pass does not set is as `rollouts` has
    it.
    """

    name: str = Field(pattern="^[a-z][a-z0-9_]*$")
    model: Reference | None = None
    where: str = ""


def inherit(common: dict[str, Any], own: Any) -> Any:
    """The settings of a pass upon those that all have in common.

    Mappings are merged. Another engine does not take over what is recorded.
    """
    if not isinstance(own, dict):
        return own
    changed = {"replay"} if "engine" in own else set()
    merged = {name: value for name, value in common.items() if name not in changed}
    for name, value in own.items():
        below = merged.get(name)
        if isinstance(below, Settings):
            below = below.model_dump(exclude_unset=True)
        if isinstance(below, dict) and isinstance(value, dict):
            value = below | value
        merged[name] = value
    return merged
