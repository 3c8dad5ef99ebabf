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

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache

from pipeline.engines import contract
from pipeline.engines.contract import (
    TOO_LONG,
    Completion,
    Request,
    Sampled,
    Sampling,
    encode,
    single_samples,
)
from pipeline.errors import UserError
from pipeline.models import Model
from pipeline.rounding import SMALL, round_alike


class Cut(NamedTuple):
    """Which tokens are too unlikely: all but the first k, below a share of the
    likeliest, beyond a sum. Off at their defaults.
    """

    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0


class Engine(contract.Engine):
    """A model in float32 on the CPU, or in its own type on the GPU.

    `options`: `batch_size`, how many completions are sampled together.
    """

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        if unknown := options.keys() - {"batch_size"}:
            raise UserError(
                f"engine transformers has no option {', '.join(sorted(unknown))}",
                hint="it has batch_size",
            )
        self.batch_size = options.get("batch_size", 256)
        round_alike(Path(model.load))
        revision = model.revision if model.kind == "hub" else None
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = AutoTokenizer.from_pretrained(model.load, revision=revision)
        network: Any = AutoModelForCausalLM.from_pretrained(
            model.load,
            revision=revision,
            dtype=torch.float32 if device == "cpu" else "auto",
        )
        self.network = network.to(device).eval()
        # A chat model may have several tokens that end a text.
        ends = network.generation_config.eos_token_id
        ends = self.tokenizer.eos_token_id if ends is None else ends
        self.ends = set(ends) if isinstance(ends, list) else {ends}
        # A small model is as fast in one thread as in two, and threads that spin on a
        # busy machine made sampling thirty times slower.
        if device == "cpu" and self.network.num_parameters() < SMALL:
            torch.set_num_threads(1)

    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        if unknown := sampling.more.keys() - Cut._fields:
            raise UserError(
                f"engine transformers has no setting {', '.join(sorted(unknown))}",
                hint=f"it has {', '.join(Cut._fields)}; vllm and server have more",
            )
        samples = single_samples(requests)
        while batch := list(islice(samples, self.batch_size)):
            yield from self._sample(batch, sampling)

    def _sample(
        self, batch: list[tuple[int, int, Request]], sampling: Sampling
    ) -> Iterator[Sampled]:
        encoded: dict[str, list[int]] = {}  # a prompt comes once a sample
        for _, _, request in batch:
            if (text := repr(request.prompt)) not in encoded:
                encoded[text] = encode(self.tokenizer, request.prompt, sampling.chat)
        context = self.network.config.get_text_config().max_position_embeddings
        fits: list[tuple[list[int], int, int, Request]] = []
        for number, sample, request in batch:
            ids = encoded[repr(request.prompt)]
            if len(ids) < context:
                fits.append((ids, number, sample, request))
            else:
                yield number, sample, TOO_LONG
        if not fits:
            return
        sampled = sample_tokens(
            self.network,
            [ids for ids, *_ in fits],
            [request.seed + sample for _, _, sample, request in fits],
            limits=[min(sampling.max_tokens, context - len(ids)) for ids, *_ in fits],
            is_over=partial(self._is_over, sampling.stop),
            temperature=sampling.temperature,
            cut=Cut(top_p=sampling.top_p, **sampling.more),
        )
        texts = self.tokenizer.batch_decode(sampled, skip_special_tokens=True)
        for (_, number, sample, _), ids, text in zip(fits, sampled, texts, strict=True):
            stops = [at for stop in sampling.stop if (at := text.find(stop)) >= 0]
            reason = "stop" if stops or ids[-1] in self.ends else "length"
            text = text[: min(stops, default=len(text))]
            yield number, sample, Completion(text, len(ids), reason)

    def _is_over(self, stops: tuple[str, ...], ids: list[int]) -> bool:
        """Whether a completion ends with its last token."""
        is_end = ids[-1] in self.ends
        if is_end or not stops:
            return is_end
        # A token has a character at least, or is part of one of four bytes.
        tail = self.tokenizer.decode(ids[-max(map(len, stops)) - 4 :])
        return any(stop in tail for stop in stops)


@torch.inference_mode()
def sample_tokens(
    network: Any,
    prompts: list[list[int]],
    seeds: list[int],
    *,
    limits: list[int],
    is_over: Callable[[list[int]], bool],
    temperature: float,
    cut: Cut,
) -> list[list[int]]:
    """Token ids of one completion of each prompt, with the one that ends it."""
    pad = partial(pad_sequence, batch_first=True, padding_side="left")
    ids = pad([torch.tensor(prompt) for prompt in prompts]).to(network.device)
    mask = pad([torch.ones(len(prompt), dtype=torch.long) for prompt in prompts])
    mask = mask.to(network.device)
    chances = _draw_uniforms(seeds, max(limits), network.device)
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
        ids = _pick_tokens(logits, chances[alive, step], temperature, cut)
        for number, token in zip(alive.tolist(), ids.tolist(), strict=True):
            if number in done:
                continue
            sampled[number].append(token)
            whole = len(sampled[number]) == limits[number]
            if whole or is_over(sampled[number]):
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


def _pick_tokens(
    logits: torch.Tensor, chances: torch.Tensor, temperature: float, cut: Cut
) -> torch.Tensor:
    """The token of each row (rows, vocabulary) at its number in [0, 1)."""
    if temperature == 0:
        return logits.argmax(-1)
    likely = (logits.float() / temperature).softmax(-1)
    if cut != Cut():
        ranked, order = likely.sort(dim=-1, descending=True, stable=True)
        if cut.top_k > 0:
            ranked[:, cut.top_k :] = 0
        ranked[ranked < cut.min_p * ranked[:, :1]] = 0
        ranked = ranked / ranked.sum(-1, keepdim=True)
        ranked[ranked.cumsum(-1) - ranked >= cut.top_p] = 0
        likely = torch.zeros_like(likely).scatter_(-1, order, ranked)
    summed = likely.double().cumsum(-1)
    reach = chances[:, None] * summed[:, -1:]
    picked = torch.searchsorted(summed, reach, right=True)
    return picked[:, 0].clamp_(max=logits.shape[-1] - 1)


def _draw_uniforms(seeds: list[int], steps: int, device: torch.device) -> torch.Tensor:
    """Numbers in [0, 1), (seeds, steps), each row from its own seed alone."""
    rows = [np.random.Generator(np.random.Philox(seed)).random(steps) for seed in seeds]
    return torch.from_numpy(np.stack(rows)).to(device)
