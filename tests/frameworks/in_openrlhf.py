"""What OpenRLHF makes of our rows and reward file; runs in its environment.

    python in_openrlhf.py TABLE MODEL REWARD_FILE OUT

Its own loader and `PromptDataset` read the table with the tokenizer of MODEL, and its
executor loads and calls the reward file on the right answer to the first row.
"""

import asyncio
import json
import sys
from types import SimpleNamespace as Namespace
from typing import Any

from openrlhf.datasets import PromptDataset
from openrlhf.datasets.utils import blending_datasets
from openrlhf.utils.agent import SingleTurnAgentExecutor
from transformers import AutoTokenizer


def main(table: str, model: str, reward_file: str, out: str) -> None:
    data = Namespace(input_key="input", label_key="label", apply_chat_template=True)
    strategy = Namespace(args=Namespace(data=data), print=print, is_rank_0=lambda: True)
    rows = PromptDataset(
        blending_datasets(table, strategy=strategy),
        AutoTokenizer.from_pretrained(model),
        strategy,
    )
    loaded = [rows[number][:3] for number in range(len(rows))]
    rewards = asyncio.run(reward(loaded[0], reward_file))
    with open(out, "w") as file:
        json.dump({"rows": loaded, "rewards": rewards}, file)


async def reward(row: tuple[str, str, str], reward_file: str) -> dict[str, Any]:
    """What the reward file gives for the right answer, as lists."""
    executor = SingleTurnAgentExecutor(reward_file)
    _, prompt, label = row
    query = f"{prompt}\\boxed{{{json.loads(label)['answer']}}}<|im_end|>"
    (given,) = await executor._fetch_rewards_via_func([query], [prompt], [label])
    return {name: given[name].tolist() for name in ("rewards", "scores")}


if __name__ == "__main__":
    main(*sys.argv[1:])
