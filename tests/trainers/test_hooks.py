"""What our trainers rely on in TRL: a new version that moves it fails here first."""

import inspect

import pytest
from transformers import Trainer
from trl import GRPOTrainer, SFTTrainer
from trl.trainer.utils import RepeatSampler, add_fused_lm_head

HOOKS = {
    (GRPOTrainer, "_calculate_rewards"): [
        "self", "inputs", "prompts", "completions", "completion_ids_list"
    ],
    (GRPOTrainer, "_generate_and_score_completions"): ["self", "inputs"],
    (GRPOTrainer, "_compute_loss"): ["self", "model", "inputs"],
    (GRPOTrainer, "_get_train_sampler"): ["self", "dataset"],
    (GRPOTrainer, "_save_checkpoint"): ["self", "model", "trial"],
    (Trainer, "_load_from_checkpoint"): ["self", "resume_from_checkpoint", "model"],
    (Trainer, "_get_output_dir"): ["self", "trial"],
    (Trainer, "create_scheduler"): ["self", "num_training_steps", "optimizer"],
    (SFTTrainer, "_prepare_dataset"): [
        "self", "dataset", "processing_class", "args", "packing", "formatting_func",
        "dataset_name",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("owner", "name"), HOOKS)
def test_a_hook_has_the_parameters_that_we_pass_on(owner: type, name: str):
    parameters = inspect.signature(inspect.unwrap(getattr(owner, name))).parameters

    assert list(parameters) == HOOKS[owner, name]


def test_log_probabilities_are_asked_for_by_these_names():
    hook = inspect.unwrap(GRPOTrainer._get_per_token_logps_and_entropies)
    first = list(inspect.signature(hook).parameters)[:6]

    assert first == [
        "self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size"
    ]  # fmt: skip


def test_a_reference_is_prepared_with_these_options():
    options = inspect.signature(add_fused_lm_head).parameters

    assert list(options) == ["model", "temperature", "cast_lm_head_to_fp32", "outputs"]


def test_a_sampler_tells_what_it_repeats():
    sampler = RepeatSampler(range(6), 2, batch_size=3, repeat_count=4, seed=5)

    assert (sampler.mini_repeat_count, sampler.batch_size) == (2, 3)
    assert (sampler.repeat_count, sampler.seed, sampler.num_samples) == (4, 5, 6)


def test_the_trainer_state_is_the_last_file_of_a_checkpoint():
    source = inspect.getsource(Trainer._save_checkpoint)
    last = source.index("save_to_json")

    assert all(
        source.index(step) < last
        for step in ("save_model", "_save_optimizer_and_scheduler", "_save_rng_state")
    )
