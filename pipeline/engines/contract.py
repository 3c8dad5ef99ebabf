"""What an engine is: a file here with a class `Engine` that samples a model.

    Engine(model, options).stream(requests, sampling)

gives (number of the request, number of the sample, completion) as samples finish, in
any order. It takes requests as it has room for them, so they may come from a
generator and be many. A prompt that fills the model's context is answered with
TOO_LONG and never cut; one that nearly does has only the rest of the context to
answer in.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator

from pipeline.errors import UserError

Messages = list[dict[str, str]]


# Options that change how fast an engine samples and not what, by engine. They are in
# machine.yaml: another machine must not sample anything anew.
SPEED: dict[str, set[str]] = {
    "vllm": {
        "enable_prefix_caching", "enforce_eager", "gpu_memory_utilization",
        "max_num_batched_tokens", "max_num_seqs", "pipeline_parallel_size",
        "tensor_parallel_size",
    },
    "server": {"attempts", "concurrency", "key_env", "max_wait_s", "timeout_s", "urls"},
}  # fmt: skip
EVERY_SPEED = {option for options in SPEED.values() for option in options}


class Request(NamedTuple):
    """Chat messages to answer `n` times: sample i is drawn with the seed `seed` + i."""

    prompt: Messages
    seed: int
    n: int = 1


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn; temperature 0 is greedy.

    A completion ends before any of the texts `stop`. `more` are further settings
    under vLLM's names (top_k, min_p, repetition_penalty, …), and `chat` goes to the
    chat template (enable_thinking, for models that can do without).
    """

    temperature: float
    top_p: float
    max_tokens: int
    stop: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)
    chat: dict[str, Any] = field(default_factory=dict)


class Completion(NamedTuple):
    """`n_tokens` counts the token that ends the text.

    `finish_reason`: stop, length (cut at max_tokens) or prompt_too_long.
    """

    text: str
    n_tokens: int
    finish_reason: str


TOO_LONG = Completion("", 0, "prompt_too_long")
# No answer, for reasons that are not the prompt's: never stored, asked again.
LOST = Completion("", 0, "lost")
Sampled = tuple[int, int, Completion]


class Engine(ABC):
    """A loaded model, ready to be sampled."""

    @abstractmethod
    def stream(
        self, requests: Iterable[Request], sampling: Sampling
    ) -> Iterator[Sampled]:
        """(request, sample, completion) as they finish; see the module."""

    def close(self) -> None:  # noqa: B027 - most have nothing to give back
        """Give back the memory of the model, so that another can be loaded."""

    def sample(
        self, prompts: list[Messages], seeds: list[int], **how: Any
    ) -> list[Completion]:
        """One completion of each prompt, in order; `how` makes a Sampling."""
        completions = [LOST] * len(prompts)
        # Prompts of one length are sampled together.
        order = sorted(range(len(prompts)), key=lambda i: len(str(prompts[i])))
        requests = (Request(prompts[i], seeds[i]) for i in order)
        for number, _, completion in self.stream(requests, Sampling(**how)):
            completions[order[number]] = completion
        return completions


def single_samples(requests: Iterable[Request]) -> Iterator[tuple[int, int, Request]]:
    """(number of the request, number of the sample, request) of every sample."""
    for number, request in enumerate(requests):
        for sample in range(request.n):
            yield number, sample, request


def seed_of(seed: int, key: str, sample: int) -> int:
    """63 bits for one sample, the same whatever else is sampled.

    The samples of one problem have seeds in a row, so that they can be one request.
    """
    digest = blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 2) + sample


def _check_options(options: dict[str, Any]) -> dict[str, Any]:
    if speed := sorted(options.keys() & EVERY_SPEED):
        raise ValueError(
            f"{', '.join(speed)} cannot change what is sampled: write it into "
            "machine.yaml, under engine"
        )
    return options


# Options of an engine in params.yaml, which change what is sampled.
Options = Annotated[dict[str, Any], AfterValidator(_check_options)]


def encode(tokenizer: Any, prompt: Messages, chat: dict[str, Any]) -> list[int]:
    """Token ids of `prompt`, up to where the assistant is to speak."""
    if tokenizer.chat_template is None:
        raise UserError(
            f"{tokenizer.name_or_path} has no chat template",
            hint="use an instruction-tuned model, or a copy with chat_template.jinja",
        )
    text = tokenizer.apply_chat_template(
        prompt, add_generation_prompt=True, tokenize=False, **chat
    )
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids
