"""Policy-gradient algorithms as the TRL options that make them.

What an algorithm's paper fixes and the options of GRPOConfig can say is here, and
no more; anything under `trl` in the recipe goes before it. Each starts from TRL's
defaults: no KL term, group baseline, ε = 0.2.
"""

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # DeepSeekMath (2024): mean per sequence, KL to the reference by the k3 estimator.
    "grpo": {"loss_type": "grpo", "beta": 0.04, "use_bias_correction_kl": False},
    # GRPO's token mean over the local batch.
    "bnpo": {"loss_type": "bnpo"},
    # Understanding R1-Zero-like training (2025): neither length nor std divides.
    "dr_grpo": {"loss_type": "dr_grpo", "scale_rewards": "none"},
    # DAPO (2025): token mean, clip higher, truncated samples teach nothing.
    "dapo": {
        "loss_type": "dapo",
        "epsilon_high": 0.28,
        "mask_truncated_completions": True,
    },
    # GSPO (2025): ratios of whole sequences, so the clip is a thousand times finer.
    "gspo": {
        "loss_type": "grpo",
        "importance_sampling_level": "sequence",
        "epsilon": 3e-4,
        "epsilon_high": 4e-4,
    },
    # MiniMax-M1 (2025): clips the weight, never the gradient; ε as in ScaleRL.
    "cispo": {"loss_type": "cispo", "epsilon_high": 5.0},
    # SAPO (2025): a smooth gate in the place of the clip.
    "sapo": {"loss_type": "sapo"},
    # REINFORCE++-baseline (2025): group mean as baseline, scale of the whole batch.
    "reinforce_pp_baseline": {"loss_type": "dapo", "scale_rewards": "batch"},
    # GDPO (2026): each reward is normalised before they are added up.
    "gdpo": {
        "loss_type": "dapo",
        "multi_objective_aggregation": "normalize_then_sum",
    },
}
