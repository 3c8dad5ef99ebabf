"""What verl makes of our configurations, rows and reward file; runs in its environment.

    python in_verl.py FOLDER

FOLDER holds configurations (`*.yaml`), `completions.json` (for the reward managers: the
numbers of rows, and texts) and gets `out.json`. verl itself does all the work:
hydra composes, `validate_config` and the classes of its settings check, `RLHFDataset`
loads, and the reward managers run.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from transformers import AutoTokenizer
from verl import DataProto
from verl.trainer.ppo import core_algos
from verl.trainer.ppo.reward import load_reward_manager
from verl.trainer.ppo.utils import need_critic, need_reference_policy
from verl.utils.config import omega_conf_to_dataclass, validate_config
from verl.utils.dataset.rl_dataset import RLHFDataset


def main(folder: Path) -> None:
    with initialize_config_dir(config_dir=str(folder), version_base=None):
        defaults = keys(composed("plain"))
        configs = {
            file.stem: composed(file.stem)
            for file in sorted(folder.glob("*.yaml"))
            if file.stem != "plain"
        }
    out = {name: described(config, defaults) for name, config in configs.items()}
    config = configs["dapo"]
    tokenizer = AutoTokenizer.from_pretrained(config.actor_rollout_ref.model.path)
    rows = RLHFDataset(config.data.train_files, tokenizer, config.data)
    completions = json.loads((folder / "completions.json").read_text())
    pairs = [(rows[number], text) for number, text in completions]
    managed = {
        name: asyncio.run(reward_all(configs[name], tokenizer, pairs))
        for name in ("naive", "dapo", "gdpo")
    }
    loaded = [
        {name: row[name] for name in ("raw_prompt", "reward_model", "extra_info")}
        for row in rows
    ]
    all_out = {"configs": out, "rows": loaded, "managers": managed}
    text = json.dumps(all_out, default=torch.Tensor.item)
    (folder / "out.json").write_text(text)


def composed(name: str) -> DictConfig:
    """As `main_ppo --config-dir FOLDER --config-name NAME` composes it."""
    search = "hydra.searchpath=[pkg://verl.trainer.config]"
    config = compose(config_name=name, overrides=[search])
    OmegaConf.resolve(config)
    return config


def described(config: DictConfig, defaults: set[str]) -> dict[str, Any]:
    """Check a configuration; what it makes of the algorithm, and keys new to verl."""
    is_reference, is_critic = need_reference_policy(config), need_critic(config)
    validate_config(config, is_reference, is_critic)
    algorithm = omega_conf_to_dataclass(config.algorithm)
    core_algos.get_adv_estimator_fn(algorithm.adv_estimator)
    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    core_algos.get_policy_loss_fn(actor.policy_loss.loss_mode)
    return {
        "critic": is_critic,
        "reference": is_reference,
        "new": sorted(keys(config) - defaults),
    }


def keys(settings: DictConfig | dict[str, Any]) -> set[str]:
    """The dotted names of all settings; a dict that verl does not know is one name."""
    names = set()
    if isinstance(settings, DictConfig):
        settings = OmegaConf.to_container(settings)
    for name, value in settings.items():
        if isinstance(value, dict) and name != "reward_kwargs":
            names |= {f"{name}.{below}" for below in keys(value)}
        else:
            names.add(name)
    return names


async def reward_all(
    config: DictConfig, tokenizer: Any, completions: list[tuple[dict[str, Any], str]]
) -> list[dict[str, Any]]:
    """What the manager of `config` gives completions of rows, all at once."""
    manager = load_reward_manager(config, tokenizer)

    def sample(row: dict[str, Any], text: str) -> DataProto:
        ids = tokenizer(text, return_tensors="pt", add_special_tokens=False).input_ids
        columns = {name: row[name] for name in ("data_source", "reward_model")}
        columns["extra_info"] = dict(row["extra_info"])
        return DataProto.from_dict(
            {
                "prompts": torch.ones(1, 1, dtype=torch.long),
                "responses": ids,
                "attention_mask": torch.ones(1, 1 + ids.shape[1], dtype=torch.long),
            },
            non_tensors={n: np.array([c], dtype=object) for n, c in columns.items()},
        )

    rewards = await asyncio.gather(
        *(manager.run_single(sample(*pair)) for pair in completions)
    )
    return [
        {"reward": float(r["reward_score"]), **r["reward_extra_info"]} for r in rewards
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
