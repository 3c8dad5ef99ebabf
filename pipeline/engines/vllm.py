"""Sampling with vLLM: continuous batching, on GPUs or, slowly to start, on a CPU.

Requests go in as others come out, so the engine is never idle between two batches.
Each sample has its own seed, but what it draws still depends a little on its
neighbours, because their number shapes the kernels: vLLM is not bit-stable.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.engines import contract
from pipeline.engines.contract import TOO_LONG, Completion, Request, Sampled, Sampling
from pipeline.errors import UserError
from pipeline.models import Model

# The samples of a problem share its prompt.
ALWAYS: dict[str, Any] = {"enable_prefix_caching": True}
# Without a GPU: a small cache, and no graphs to capture.
ON_CPU: dict[str, Any] = {"dtype": "float32", "enforce_eager": True, "max_num_seqs": 64}
AHEAD = 4  # times as many samples are queued as run side by side


class Engine(contract.Engine):
    """A model in vLLM; `options` go to `vllm.LLM` and win over our defaults."""

    def __init__(self, model: Model, options: dict[str, Any]) -> None:
        # vLLM reads these when it is imported.
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
        # A forked engine would outlive a killed stage (`pipeline/orphans.py`).
        os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")  # GiB; GPUs ignore it
        from vllm import LLM
        from vllm.platforms import current_platform

        chosen = ALWAYS | (ON_CPU if current_platform.is_cpu() else {}) | options
        revision = model.revision if model.kind == "hub" else None
        self.llm = LLM(model=model.load, revision=revision, **chosen)
        self.tokenizer = self.llm.get_tokenizer()
        self.context: int = self.llm.model_config.max_model_len
        scheduler = self.llm.llm_engine.vllm_config.scheduler_config
        self.room: int = AHEAD * scheduler.max_num_seqs

    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        waiting = enumerate(requests)
        engine: Any = self.llm.llm_engine
        # By vLLM's name for a request: its name inside the engine, and its number.
        queued: dict[str, tuple[str, int]] = {}
        busy = 0
        try:
            while True:
                while busy < self.room and (item := next(waiting, None)):
                    number, request = item
                    if inner := self._enqueue(request, sampling):
                        queued[inner.rpartition("-")[0] or inner] = inner, number
                        busy += request.n
                    else:
                        yield from ((number, i, TOO_LONG) for i in range(request.n))
                if not queued:
                    return
                for answer in engine.step():
                    if answer.finished:
                        _, number = queued.pop(answer.request_id)
                        busy -= len(answer.outputs)
                        for output in answer.outputs:
                            yield number, output.index, _completion(output)
        finally:
            if queued:
                engine.abort_request([inner for inner, _ in queued.values()], True)

    def close(self) -> None:
        # The model is in a process of vLLM's own, which holds the GPU until it ends.
        self.llm.llm_engine.engine_core.shutdown()

    def _enqueue(self, request: Request, sampling: Sampling) -> str:
        """Queue it; its name in the engine, empty where its prompt leaves no room."""
        from vllm import TokensPrompt

        ids = contract.encode(self.tokenizer, request.prompt, sampling.chat)
        left = self.context - len(ids)
        if left < 1:
            return ""
        prompt = TokensPrompt(prompt_token_ids=ids)
        params = _params(request, sampling, left)
        return self.llm.enqueue([prompt], [params], use_tqdm=False)[0]


def _params(request: Request, sampling: Sampling, left: int) -> Any:
    from vllm import SamplingParams

    try:
        return SamplingParams(
            n=request.n,
            seed=request.seed,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=min(sampling.max_tokens, left),
            stop=list(sampling.stop),
            **sampling.more,
        )
    except (TypeError, ValueError) as error:
        raise UserError(f"vLLM cannot sample so: {error}") from error


def _completion(output: Any) -> Completion:
    reason = output.finish_reason or "length"
    return Completion(output.text, len(output.token_ids), reason)
