"""Launch configurations for verl: what they say, and that verl 0.9 takes them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import models
from pipeline.errors import UserError
from pipeline.grading.reward_file import compute_score, reward_func
from tests.frameworks.conftest import environment
from tests.support.tiny_chat import build as build_chat_model
from trainers import verl
from trainers.algorithms import ALGORITHMS
from trainers.grpo import Params

KNOWN = tuple(verl.TABLE["algorithms"])
ACTOR = "actor_rollout_ref.actor."
DETAILS = {"verifier": "math", "verify_info": "{}", "problem": "What is 1+8?"}


WHERE = {"rows": Path("/verl.parquet"), "model": "/model"}


def options(algorithm: str, stage: int = 0, **more: Any) -> dict[str, Any]:
    return verl.compose(Params(algorithm=algorithm, **more), stage, **WHERE)[0]


def test_every_algorithm_is_in_the_table_or_absent_with_its_nearest():
    absent = verl.TABLE["absent"]

    assert sorted(ALGORITHMS) == sorted([*KNOWN, *absent])
    assert {lack["nearest"] for lack in absent.values()} <= set(KNOWN)


def test_what_verl_lacks_is_refused_with_the_nearest_that_it_has():
    with pytest.raises(
        UserError, match="no counterpart of vapo: it lacks λ by"
    ) as error:
        options("vapo")
    assert error.value.hint == "the nearest that it has is `algorithm: ppo`"


def test_options_of_trl_get_verls_names():
    trl = {
        "epsilon": 0.1,  # and so on both sides, as in TRL
        "beta": 0.02,
        "max_completion_length": 72,
        "num_generations": 4,
        "per_device_train_batch_size": 16,
        "gradient_accumulation_steps": 2,
        "steps_per_generation": 6,
    }
    chosen = options("sapo", trl=trl)

    assert chosen[ACTOR + "clip_ratio_low"] == 0.1
    assert chosen[ACTOR + "clip_ratio_high"] == 0.1
    assert chosen[ACTOR + "use_kl_loss"] is True
    assert chosen[ACTOR + "kl_loss_coef"] == 0.02
    assert chosen["data.max_response_length"] == 72
    # A step of the optimizer is 16 × 2 completions of 32 / 4 prompts; what is generated
    # lasts for 6 passes of 16, and so for 6 × 16 / 4 prompts.
    assert chosen[ACTOR + "ppo_micro_batch_size_per_gpu"] == 16
    assert chosen[ACTOR + "ppo_mini_batch_size"] == 8
    assert chosen["data.train_batch_size"] == 24


def test_cispo_clips_the_same_weight_in_both():
    # TRL: min(ratio, 5). verl: clamp(ratio, 1 - 1, 1 + 4).
    assert options("cispo")[ACTOR + "clip_ratio_high"] == 4
    chosen = options("cispo", trl={"epsilon_high": 3.0, "epsilon": 0.1})
    assert chosen[ACTOR + "clip_ratio_high"] == 2
    assert chosen[ACTOR + "clip_ratio_low"] == 1


def test_what_an_algorithm_says_in_trls_words_is_said_in_verls():
    prorl = options("prorl")
    assert prorl[ACTOR + "clip_ratio_high"] == 0.4
    assert prorl[ACTOR + "kl_loss_coef"] == 1e-4
    assert prorl["algorithm.filter_groups.enable"] is True
    assert prorl["algorithm.filter_groups.metric"] == "correct"

    plus = options("reinforce_pp")
    assert plus["algorithm.use_kl_in_reward"] is True
    assert plus["algorithm.kl_ctrl.kl_coef"] == 0.01
    assert plus[ACTOR + "use_kl_loss"] is False


def test_a_stage_is_a_launch_of_its_own():
    by_stage = [options("polaris", stage) for stage in range(3)]
    temperatures = [o["actor_rollout_ref.rollout.temperature"] for o in by_stage]

    assert temperatures == [1.4, 1.45, 1.5]
    assert [o["data.max_response_length"] for o in by_stage] == [39936, 48128, 52224]
    with pytest.raises(UserError, match="--stage 3: polaris has 3 of them"):
        options("polaris", 3)


def test_overlong_goes_to_the_manager_of_dapo():
    chosen = options("dapo", trl={"max_completion_length": 72})
    buffer = "reward.reward_kwargs.overlong_buffer_cfg."

    assert chosen["reward.reward_manager.name"] == "dapo"
    assert chosen[buffer + "penalty_factor"] == 0.5
    assert chosen[buffer + "len"] == 15  # a fifth of 72, rounded up


def test_what_verl_is_not_told_is_named():
    given = Params(
        algorithm="gdpo",
        trl={"adam_beta2": 0.99, "epsilon": 0.1},
        strategy={"whiten": True},
        rewards={"correct": 1, "overlong": 1, "cosine": 1},
        reward_values={"wrong": -1, "overlong_tokens": 8},
        stages=[{"where": "level = '5'", "temperature": 1.2}],
        limit=100,
    )
    assert verl.compose(given, **WHERE)[1] == [
        "limit", "reward_values.wrong", "rewards.cosine", "rewards.overlong",
        "stages.where", "strategy.whiten", "trl.adam_beta2",
    ]  # fmt: skip


def test_a_reward_says_what_it_is_made_of():
    weights = {"correct": 1.0, "format": 0.5}

    def score(text: str, gold: str | None = "9") -> dict[str, float]:
        return compute_score("a", text, gold, DETAILS, weights=weights)

    formed = "<think>1+8</think>\\boxed{9}"
    names = "score", "acc", "undecided", "correct", "format"
    assert score(formed) == dict(zip(names, (1.5, 1, 0, 1, 1), strict=True))
    assert score("\\boxed{8}") == dict(zip(names, (0, 0, 0, 0, 0), strict=True))
    assert score(formed, None) == dict(zip(names, (0, 0, 1, 0, 0), strict=True))


def test_openrlhfs_reward_reads_its_label():
    label = json.dumps({"answer": "9", **DETAILS})
    prompt = "What is 1+8? Box it, like \\boxed{8}."
    queries = [prompt + text for text in (" It is \\boxed{9}.", " \\boxed{7}", "")]
    given = reward_func(queries, [prompt] * 3, [label] * 3)

    assert given["rewards"].tolist() == [1.0, 0.0, 0.0]
    assert given["extra_logs"]["undecided"].tolist() == [0.0, 0.0, 0.0]


@pytest.fixture
def launched(tmp_path: Path, exported: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration of each algorithm, written by the command.

    `naive` is grpo without a reward for lengths, `plain` what verl has by default.
    """
    model, folder = tmp_path / "model", tmp_path / "verl"
    build_chat_model(model)
    models.describe(model, kind="local", name="tiny")
    monkeypatch.chdir(tmp_path)
    recipes = {name: Params(algorithm=name) for name in KNOWN}
    recipes["naive"] = Params(algorithm="grpo", rewards={"correct": 1, "format": 0.1})
    for name, recipe in recipes.items():
        command = ["verl", str(exported), str(model), "--out", f"{folder}/{name}.yaml"]
        monkeypatch.setattr(sys, "argv", command)
        monkeypatch.setattr(verl.recipe, "load", lambda *_, recipe=recipe: recipe)
        verl.main()
    (folder / "plain.yaml").write_text(yaml.safe_dump({"defaults": ["ppo_trainer"]}))
    return folder


def test_verl_takes_configurations_rows_and_rewards(
    launched: Path, run: Callable[..., str]
):
    python = environment("verl") / "python"
    # 0.1 × format, and of 256 tokens those after the 204th cost 0.5 × share of 52.
    completions = [
        (0, "<think>1+8</think>\\boxed{9}"),
        (0, "\\boxed{9}"),
        (0, "<think>1+8</think>\\boxed{8}"),
        (0, "\\boxed{9}".rjust(230)),  # a token a letter: 230 - 204 = 26 of 52
        (7, "<think>1+1</think>\\boxed{2}"),  # has no gold answer
    ]
    (launched / "completions.json").write_text(json.dumps(completions))
    run(python, "-m", "tests.frameworks.in_verl", launched)
    out = json.loads((launched / "out.json").read_text())

    assert sorted(out["configs"]) == sorted([*KNOWN, "naive"])
    with_kl = {"grpo", "naive", "reinforce_pp", "prorl"}
    for name, config in out["configs"].items():
        assert config["critic"] == (name == "ppo")
        assert config["reference"] == (name in with_kl)
        new = {"reward.reward_kwargs", "reward.custom_reward_function.reward_kwargs"}
        weighed = {"algorithm.gdpo_reward_keys", "algorithm.gdpo_reward_weights"}
        assert set(config["new"]) <= new | (weighed if name == "gdpo" else set())

    assert [row["extra_info"]["level"] for row in out["rows"]] == [*"87654321"]
    assert out["rows"][0]["reward_model"] == {"style": "rule", "ground_truth": "9"}
    assert out["rows"][0]["raw_prompt"] == [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "What is 1+8?\nBox it."},
    ]
    rewards = {
        manager: [given["reward"] for given in row]
        for manager, row in out["managers"].items()
    }
    assert rewards["dapo"] == pytest.approx([1.1, 1.0, 0.1, 0.75, 0])
    assert rewards["naive"] == rewards["gdpo"] == pytest.approx([1.1, 1.0, 0.1, 1.0, 0])
    undecided = [given["undecided"] for given in out["managers"]["gdpo"]]
    assert undecided == [0, 0, 0, 0, 1]
