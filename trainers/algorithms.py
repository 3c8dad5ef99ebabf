"""Policy-gradient algorithms as data: `algorithms.toml` says what each paper fixes.

`trl` holds options of GRPOConfig, which has the losses; `strategy` and `critic` what
TRL lacks (`strategies.py`, `critic.py`). Whatever the recipe says goes before it.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings import LibraryOptions, Settings


class Strategy(Settings):
    """What is done with a generated batch before it is learnt from.

    `refill_rounds`: rounds of sampling at most (the first one counts) until every
    group teaches something; 0 takes what comes. A group teaches where the reward
    `live_reward` differs within it and, with `live_range`, its mean lies in that range,
    ends included. `drop_dead_groups` leaves the others out of the
    loss. `keep_share` of each group is learnt from, by |advantage|.
    `scale_by_live_share` divides advantages by the share of groups that teach.

    `advantage`: `group` is TRL's; `leave_one_out` compares with the others of the
    group; `returns` is what is still to come, token by token, without a baseline.
    With a critic it is GAE, whatever stands here. `whiten`: mean 0 and deviation 1
    over the tokens of the batch. `kl_in_reward` takes β·log(π/π_ref) off the reward
    of every token; a KL term in the loss is TRL's `beta`.
    `positive_nll` weighs the likelihood of right completions, added to the loss.
    `mirror_descent` is τ of Kimi k1.5's loss, which replaces TRL's.
    """

    refill_rounds: int = Field(default=0, ge=0)
    live_reward: str = "correct"
    live_range: tuple[float, float] | None = None
    drop_dead_groups: bool = False
    keep_share: float = Field(default=1.0, gt=0, le=1)
    scale_by_live_share: bool = False
    advantage: Literal["group", "leave_one_out", "returns"] = "group"
    gamma: float = Field(default=1.0, gt=0, le=1)
    whiten: bool = False
    kl_in_reward: float = Field(default=0.0, ge=0)
    positive_nll: float = Field(default=0.0, ge=0)
    mirror_descent: float | None = Field(default=None, gt=0)


class Critic(Settings):
    """A value for every token, and GAE with one λ for the policy, one for the critic.

    `length_adaptive_alpha` α replaces `lambda_policy` by 1 - 1/(α·length), at least 0
    (VAPO, eq. 8). The critic is a copy of the model with one number a token; it takes
    `epochs` passes of `minibatches` steps over each batch, its loss clipped at ±`clip`
    around the old values, after `pretrain_steps` batches for which the policy waits.
    """

    learning_rate: float = Field(default=1e-5, gt=0)
    minibatches: int = Field(default=1, ge=1)
    epochs: int = Field(default=1, ge=1)
    clip: float | None = Field(default=0.2, gt=0)
    lambda_policy: float = Field(default=1.0, ge=0, le=1)
    lambda_critic: float = Field(default=1.0, ge=0, le=1)
    length_adaptive_alpha: float | None = Field(default=None, gt=0)
    pretrain_steps: int = Field(default=0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)


class Order(Settings):
    """In what order problems are asked; `samplers.py` says what each `by` means.

    A problem is solved that was right in this share of its samples, `solved_rate`.
    """

    by: Literal[
        "rank", "shuffled", "lessons", "unsolved", "failures", "easy_pool", "mix"
    ] = "rank"
    lessons: tuple[str, ...] = Field(default=("-pass_rate",), min_length=1)
    easy_probability: float = Field(default=0.1, ge=0, le=1)
    solved_rate: float = Field(default=1.0, gt=0, le=1)
    weights: dict[str, float] = Field(default={})

    @model_validator(mode="after")
    def _a_mix_has_weights(self) -> Self:
        if (self.by == "mix") != bool(self.weights):
            raise ValueError("`by: mix` and `weights` (by source) go together")
        return self


class Stage(Settings):
    """One run of several; what it leaves out is as in the section.

    `where` is an SQL predicate over the columns of rl.parquet and `latest_pass_rate`,
    of the last epoch that asked the problem in the stages before (null for none). The
    KL term's reference is the model that the first stage began with, or, with
    `reset_reference`, the one that this stage begins with. `trl` has further options
    of GRPOConfig, `rewards` other weights.
    """

    max_completion_length: int | None = Field(default=None, ge=1)
    num_generations: int | None = Field(default=None, ge=2)
    temperature: float | None = Field(default=None, gt=0)
    learning_rate: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    where: str | None = None
    reset_reference: bool = False
    order: Order | None = None
    rewards: dict[str, float] = Field(default={})
    trl: LibraryOptions = Field(default={})


def stage_options(stage: Stage) -> dict[str, Any]:
    """The options of GRPOConfig that a stage sets."""
    ours = {"where", "reset_reference", "order", "rewards", "trl", "steps"}
    options = stage.model_dump(exclude=ours, exclude_none=True) | stage.trl
    return options | ({"max_steps": stage.steps} if stage.steps else {})


class Algorithm(Settings):
    """The options that make an algorithm."""

    trl: LibraryOptions = Field(default={})
    strategy: Strategy = Strategy()
    critic: Critic | None = None
    order: Order = Order()
    stages: tuple[Stage, ...] = ()


def _read_algorithms() -> dict[str, Algorithm]:
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return {
        name: Algorithm.model_validate(fields)
        for name, fields in tomllib.loads(text).items()
    }


ALGORITHMS = _read_algorithms()
