"""Policy-gradient algorithms: what each paper fixes, as data.

`trl` holds options of GRPOConfig, which has the losses; `strategy` and `critic` what
TRL lacks (`strategies.py`, `critic.py`). An algorithm sets what its paper sets and no
more. Whatever the recipe says goes before it. All else is TRL's default: no KL term,
group baseline, ε = 0.2. docs/training.md has the formulas and what the survey says.
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from pipeline.settings import Settings


class Strategy(Settings):
    """What is done with a generated batch before it is learnt from.

    `refill_rounds`: rounds of sampling at most (the first one counts) until every
    group teaches something; 0 takes what comes. A group teaches where the reward
    `live_reward` differs within it. `drop_dead_groups` leaves the others out of the
    loss. `keep_share` of each group is learnt from, by |advantage|.
    `scale_by_live_share` divides advantages by the share of groups that teach.

    `advantage`: `group` is TRL's; `leave_one_out` compares with the others of the
    group; `returns` is what is still to come, token by token, without a baseline.
    With a critic it is GAE, whatever stands here. `whiten`: mean 0 and deviation 1
    over the tokens of the batch. `kl_in_reward` takes β·log(π/π_ref) off the reward
    of every token; a KL term in the loss is TRL's `beta`.
    `positive_nll` weighs the likelihood of right completions, added to the loss.
    """

    refill_rounds: int = Field(default=0, ge=0)
    live_reward: str = "correct"
    drop_dead_groups: bool = False
    keep_share: float = Field(default=1.0, gt=0, le=1)
    scale_by_live_share: bool = False
    advantage: Literal["group", "leave_one_out", "returns"] = "group"
    gamma: float = Field(default=1.0, gt=0, le=1)
    whiten: bool = False
    kl_in_reward: float = Field(default=0.0, ge=0)
    positive_nll: float = Field(default=0.0, ge=0)


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
    """In what order problems are asked; `samplers.py` says what each `by` means."""

    by: Literal[
        "rank", "shuffled", "lessons", "unsolved", "failures", "easy_pool", "mix"
    ] = "rank"
    lessons: tuple[str, ...] = Field(default=("-pass_rate",), min_length=1)
    easy_probability: float = Field(default=0.1, ge=0, le=1)
    weights: dict[str, float] = Field(default={})

    @model_validator(mode="after")
    def _a_mix_has_weights(self) -> Self:
        if (self.by == "mix") != bool(self.weights):
            raise ValueError("`by: mix` and `weights` (by source) go together")
        return self


class Stage(Settings):
    """One run of several; what is null is as in the options under `trl`.

    `where` is an SQL predicate over the columns of rl.parquet. The KL term's reference
    is the model that the first stage began with, or, with `reset_reference`, the one
    that this stage begins with.
    """

    max_completion_length: int | None = Field(default=None, ge=1)
    num_generations: int | None = Field(default=None, ge=2)
    temperature: float | None = Field(default=None, gt=0)
    learning_rate: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    where: str | None = None
    reset_reference: bool = False


class Algorithm(Settings):
    """The options that make an algorithm."""

    trl: dict[str, Any] = Field(default={})
    strategy: Strategy = Strategy()
    critic: Critic | None = None
    order: Order = Order()
    stages: tuple[Stage, ...] = ()


TOKEN_MEAN: dict[str, Any] = {"loss_type": "dapo"}
CLIP_HIGHER: dict[str, Any] = {**TOKEN_MEAN, "epsilon_high": 0.28}
SEQUENCE_RATIO: dict[str, Any] = {"importance_sampling_level": "sequence"}
NO_SCALE: dict[str, Any] = {"scale_rewards": "none"}
REFILL = 10

ALGORITHMS: dict[str, Algorithm] = {
    # DeepSeekMath (2402.03300): mean per sequence, KL to the reference by k3.
    "grpo": Algorithm(
        trl={"loss_type": "grpo", "beta": 0.04, "use_bias_correction_kl": False}
    ),
    # GRPO's token mean over the local batch.
    "bnpo": Algorithm(trl={"loss_type": "bnpo"}),
    # Understanding R1-Zero-like training (2503.20783): neither length nor std divides.
    "dr_grpo": Algorithm(trl={"loss_type": "dr_grpo", **NO_SCALE}),
    # DAPO (2503.14476): token mean, clip higher, truncated samples teach nothing,
    # groups without a difference are replaced. `overlong` is one of the rewards.
    "dapo": Algorithm(
        trl={**CLIP_HIGHER, "mask_truncated_completions": True},
        strategy=Strategy(refill_rounds=REFILL),
    ),
    # GSPO (2507.18071): ratios of whole sequences; the clip is a thousand times finer.
    "gspo": Algorithm(
        trl={
            "loss_type": "grpo",
            **SEQUENCE_RATIO,
            "epsilon": 3e-4,
            "epsilon_high": 4e-4,
        }
    ),
    # MiniMax-M1 (2506.13585): clips the weight, never the gradient; ε as in ScaleRL.
    "cispo": Algorithm(trl={"loss_type": "cispo", "epsilon_high": 5.0}),
    # SAPO (2511.20347): a smooth gate in the place of the clip.
    "sapo": Algorithm(trl={"loss_type": "sapo"}),
    # LUSPO (2602.05261): GSPO's ratios, and sequences weigh as much as they are long.
    "luspo": Algorithm(
        trl={
            "loss_type": "luspo",
            **SEQUENCE_RATIO,
            "epsilon": 2e-3,
            "epsilon_high": 2.5e-3,
        }
    ),
    # VESPO (2602.10693): a Gamma weight of the sequence's ratio.
    "vespo": Algorithm(trl={"loss_type": "vespo"}),
    # GDPO (2601.05242): each reward is normalised before they are added up.
    "gdpo": Algorithm(
        trl={**TOKEN_MEAN, "multi_objective_aggregation": "normalize_then_sum"}
    ),
    # Back to basics (2402.14740): the mean of the others is the baseline.
    "rloo": Algorithm(
        trl={**TOKEN_MEAN, **NO_SCALE}, strategy=Strategy(advantage="leave_one_out")
    ),
    # REINFORCE++ (2501.03262): returns with a KL penalty, whitened over the batch.
    "reinforce_pp": Algorithm(
        trl=TOKEN_MEAN,
        strategy=Strategy(advantage="returns", whiten=True, kl_in_reward=0.01),
    ),
    # … and its baseline form: the group's mean is taken off first.
    "reinforce_pp_baseline": Algorithm(
        trl={**TOKEN_MEAN, **NO_SCALE}, strategy=Strategy(whiten=True)
    ),
    # GPG (2504.02546): no ratio that matters, no KL; groups that teach weigh more.
    "gpg": Algorithm(
        trl={**TOKEN_MEAN, **NO_SCALE}, strategy=Strategy(scale_by_live_share=True)
    ),
    # CPPO (2503.22342): the half with the largest |advantage| is enough.
    "cppo": Algorithm(trl={"loss_type": "grpo"}, strategy=Strategy(keep_share=0.5)),
    # Open-Reasoner-Zero (2503.24290): PPO with γ = λ = 1 and no KL.
    "ppo": Algorithm(
        trl=TOKEN_MEAN, strategy=Strategy(whiten=True), critic=Critic(minibatches=12)
    ),
    # VC-PPO (2503.01491): the critic is trained first, and by Monte Carlo returns.
    "vc_ppo": Algorithm(
        trl=TOKEN_MEAN,
        strategy=Strategy(whiten=True),
        critic=Critic(lambda_policy=0.95, pretrain_steps=50),
    ),
    # VAPO (2504.05118): λ by length, clip higher, likelihood of right completions.
    "vapo": Algorithm(
        trl=CLIP_HIGHER,
        strategy=Strategy(whiten=True, positive_nll=0.1),
        critic=Critic(
            learning_rate=2e-6, length_adaptive_alpha=0.05, pretrain_steps=50
        ),
    ),
    # SRPO (2504.14286): mathematics, then code; what is always solved is left out.
    "srpo": Algorithm(
        trl=TOKEN_MEAN,
        order=Order(by="unsolved"),
        stages=(Stage(where="domain = 'math'"), Stage(where="domain = 'code'")),
    ),
    # Skywork-OR1 (2505.22312): dead groups leave without refill, entropy is held up.
    "skywork": Algorithm(
        trl={
            **TOKEN_MEAN,
            "use_adaptive_entropy": True,
            "entropy_target": 0.2,
            "entropy_coef_max": 0.005,
            "entropy_coef_delta": 1e-4,
        },
        strategy=Strategy(drop_dead_groups=True),
        order=Order(by="unsolved"),
        stages=(
            Stage(max_completion_length=8192, steps=740),
            Stage(max_completion_length=16384, steps=1000),
            Stage(max_completion_length=32768, steps=420, num_generations=64),
        ),
    ),
    # Polaris-4B: hotter and longer from stage to stage.
    "polaris": Algorithm(
        trl=CLIP_HIGHER,
        order=Order(by="unsolved"),
        stages=(
            Stage(max_completion_length=39936, temperature=1.4),
            Stage(max_completion_length=48128, temperature=1.45),
            Stage(max_completion_length=52224, temperature=1.5),
        ),
    ),
    # ProRL (2505.24864): a weak KL term whose reference is renewed, and refill.
    "prorl": Algorithm(
        trl={
            **TOKEN_MEAN,
            "epsilon_high": 0.4,
            "beta": 1e-4,
            "temperature": 1.2,
            "use_bias_correction_kl": False,
        },
        strategy=Strategy(refill_rounds=REFILL),
        stages=(Stage(), Stage(reset_reference=True)),
    ),
}
