"""Sampling with vLLM: continuous batching, on GPUs or, slowly to start, on a CPU.

Each request has its own seed, but what it samples still depends a little on its
neighbours, because their number shapes the kernels: vLLM is not bit-stable.
"""

import os
from typing import Any

from pipeline.engines.contract import TOO_LONG, Completion, Messages, encode
from pipeline.models import Model

# Without a GPU: a small cache, and no graphs to capture.
ON_CPU: dict[str, Any] = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": 64}


class Engine:
    """A model in vLLM; `options` go to `vllm.LLM` and win over our defaults."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        # vLLM reads these when it is imported.
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        os.environ.setdefault("VLLM_WORKER_MULTIPROCESSING_METHOD", "spawn")
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; GPUs ignore it
        from vllm import LLM
        from vllm.platforms import current_platform

        chosen = (ON_CPU if current_platform.is_cpu() else {}) | options
        revision = model.revision if model.kind == "hub" else None
        self.llm = LLM(model=model.load, revision=revision, **chosen)
        self.tokenizer = self.llm.get_tokenizer()
        self.context: int = self.llm.model_config.max_model_len

    def sample(
        self,
        prompts: list[Messages],
        seeds: list[int],
        *,
        temperature: float,
        top_p: float,
        max_tokens: int,
    ) -> list[Completion]:
        from vllm import SamplingParams, TokensPrompt

        coded = encode(self.tokenizer, prompts)
        fits = [number for number, ids in enumerate(coded) if len(ids) < self.context]
        answers = self.llm.generate(
            [TokensPrompt(prompt_token_ids=coded[number]) for number in fits],
            [
                SamplingParams(
                    temperature=temperature,
                    top_p=top_p,
                    max_tokens=min(max_tokens, self.context - len(coded[number])),
                    seed=seeds[number],
                )
                for number in fits
            ],
            use_tqdm=False,
        )
        completions = [TOO_LONG] * len(prompts)
        for number, answer in zip(fits, answers, strict=True):
            said = answer.outputs[0]
            reason = said.finish_reason or "length"
            completions[number] = Completion(said.text, len(said.token_ids), reason)
        return completions
