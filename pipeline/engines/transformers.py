"""Sampling with transformers: for small models, and for machines without vLLM.

Every completion has a stream of uniform numbers of its own, drawn from its seed
before anything is sampled, and a token is picked by inverting the distribution at
the next number. So a completion does not depend on its neighbours in the batch,
but for the rounding of the logits: batches of other shapes may add up in another
order, which flips a token when a number falls within the error (about one token
in a million in float32).

Finished sequences leave the batch as it runs, and prompts are batched by length:
lengths differ a lot, and both save more than half of the work.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from pipeline.engines.contract import TOO_LONG, Completion, Messages, encode
from pipeline.models import Model

# Below this many parameters one thread is as fast as two, and threads that spin on
# a busy machine made sampling thirty times slower.
SMALL = 10_000_000


@dataclass(frozen=True)
class Options:
    batch_size: int = 256


class Engine:
    """A model in float32 on the CPU, or in its own type on the GPU."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        self.batch_size = Options(**options).batch_size
        revision = model.revision if model.kind == "hub" else None
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = AutoTokenizer.from_pretrained(model.load, revision=revision)
        network: Any = AutoModelForCausalLM.from_pretrained(
            model.load,
            revision=revision,
            dtype=torch.float32 if device == "cpu" else "auto",
        )
        self.network = network.to(device).eval()
        if device == "cpu" and self.network.num_parameters() < SMALL:
            torch.set_num_threads(1)

    def sample(
        self,
        prompts: list[Messages],
        seeds: list[int],
        *,
        temperature: float,
        top_p: float,
        max_tokens: int,
    ) -> list[Completion]:
        context = self.network.config.max_position_embeddings
        coded = encode(self.tokenizer, prompts)
        fits = [number for number, ids in enumerate(coded) if len(ids) < context]
        fits.sort(key=lambda number: len(coded[number]))
        completions = [TOO_LONG] * len(prompts)
        for start in range(0, len(fits), self.batch_size):
            batch = fits[start : start + self.batch_size]
            sampled = _sample(
                self.network,
                [coded[number] for number in batch],
                [seeds[number] for number in batch],
                limits=[min(max_tokens, context - len(coded[n])) for n in batch],
                ends=self._ends(),
                temperature=temperature,
                top_p=top_p,
            )
            texts = self.tokenizer.batch_decode(sampled, skip_special_tokens=True)
            for number, ids, text in zip(batch, sampled, texts, strict=True):
                stopped = ids[-1] in self._ends()
                reason = "stop" if stopped else "length"
                completions[number] = Completion(text, len(ids), reason)
        return completions

    def _ends(self) -> set[int]:
        """The tokens that end a text; a chat model may have several."""
        ends = self.network.generation_config.eos_token_id
        ends = self.tokenizer.eos_token_id if ends is None else ends
        return set(ends) if isinstance(ends, list) else {ends}


@torch.inference_mode()
def _sample(
    network: Any,
    prompts: list[list[int]],
    seeds: list[int],
    *,
    limits: list[int],
    ends: set[int],
    temperature: float,
    top_p: float,
) -> list[list[int]]:
    """Token ids of one completion of each prompt, with the one that ends it."""
    ids, mask = _left_padded(prompts, network.device)
    chances = _uniforms(seeds, max(limits), network.device)
    position = mask.cumsum(1) - 1
    position[mask == 0] = 0
    cache = DynamicCache(config=network.config)
    alive = torch.arange(len(prompts), device=network.device)
    sampled: list[list[int]] = [[] for _ in prompts]
    done: set[int] = set()

    for step in range(max(limits)):
        logits = network(
            input_ids=ids,
            attention_mask=mask,
            position_ids=position,
            past_key_values=cache,
            logits_to_keep=1,
        ).logits[:, -1]
        ids = _pick(logits, chances[alive, step], temperature, top_p)
        for number, token in zip(alive.tolist(), ids.tolist(), strict=True):
            if number in done:
                continue
            sampled[number].append(token)
            if token in ends or len(sampled[number]) == limits[number]:
                done.add(number)
        stays = [row for row, number in enumerate(alive.tolist()) if number not in done]
        if not stays:
            break
        position = position[:, -1:] + 1
        mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        # Leaving costs a copy of the cache, so wait until a quarter can leave.
        if len(stays) <= 0.75 * len(alive):
            kept = torch.tensor(stays, device=network.device)
            cache.batch_select_indices(kept)
            alive, ids = alive[kept], ids[kept]
            position, mask = position[kept], mask[kept]
        ids = ids[:, None]
    return sampled


def _pick(
    logits: torch.Tensor, chances: torch.Tensor, temperature: float, top_p: float
) -> torch.Tensor:
    """The token of each row (rows, vocabulary) at its number in [0, 1)."""
    if temperature == 0:
        return logits.argmax(-1)
    likely = (logits.float() / temperature).softmax(-1)
    if top_p < 1:
        ranked, order = likely.sort(dim=-1, descending=True, stable=True)
        ranked[ranked.cumsum(-1) - ranked >= top_p] = 0
        likely = torch.zeros_like(likely).scatter_(-1, order, ranked)
    summed = likely.double().cumsum(-1)
    reach = chances[:, None] * summed[:, -1:]
    picked = torch.searchsorted(summed, reach, right=True)
    return picked[:, 0].clamp_(max=logits.shape[-1] - 1)


def _uniforms(seeds: list[int], steps: int, device: torch.device) -> torch.Tensor:
    """Numbers in [0, 1), (seeds, steps), each row from its own seed alone."""
    rows = [np.random.Generator(np.random.Philox(seed)).random(steps) for seed in seeds]
    return torch.from_numpy(np.stack(rows)).to(device)


def _left_padded(
    prompts: list[list[int]], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask (prompts, longest), so that every prompt ends in one column."""
    width = max(map(len, prompts))
    ids = torch.zeros(len(prompts), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    return ids.to(device), mask.to(device)
