"""What an engine is: a file here with a class `Engine` that samples a model.

    Engine(model, options).sample(prompts, seeds, temperature=, top_p=, max_tokens=)

`prompts` holds chat messages, one list for each completion wanted; `seeds` one
seed each. Temperature 0 is greedy. A prompt that fills the model's context is
answered with TOO_LONG and never cut; one that nearly does has only the rest of the
context to answer in. `n_tokens` counts the token that ends the text.
"""

from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import UserError
from pipeline.models import Model

Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Completion:
    """`finish_reason`: stop, length (cut at max_tokens) or prompt_too_long."""

    text: str
    n_tokens: int
    finish_reason: str


TOO_LONG = Completion("", 0, "prompt_too_long")
# No answer, for reasons that are not the prompt's: never stored, asked again.
LOST = Completion("", 0, "lost")


class Engine(Protocol):
    """A loaded model, ready to be sampled."""

    def sample(
        self,
        prompts: list[Messages],
        seeds: list[int],
        *,
        temperature: float,
        top_p: float,
        max_tokens: int,
    ) -> list[Completion]: ...


def seed_of(seed: int, key: str, sample: int) -> int:
    """63 bits for one sample, the same whatever else is sampled."""
    digest = blake2b(f"{seed}/{key}/{sample}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def known() -> list[str]:
    """The engines there are: the files of this folder that are not this one."""
    files = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(file.stem for file in files if file.stem != "contract")


def load(name: str, model: Model, options: dict[str, Any]) -> Engine:
    """The engine called `name`, with `model` loaded."""
    if name not in known():
        raise UserError(
            f"no engine is called {name!r}", hint=f"try {', '.join(known())}"
        )
    try:
        module = import_module(f"pipeline.engines.{name}")
        engine: Engine = module.Engine(model, options)
    except ImportError as error:
        raise UserError(
            f"engine {name} cannot be loaded: {error}",
            hint=f'pip install "goldsieve[{"vllm" if name == "vllm" else "train"}]"',
        ) from error
    return engine


def encode(tokenizer: Any, prompts: list[Messages]) -> list[list[int]]:
    """Token ids of each prompt, up to where the assistant is to speak.

    The same prompt comes once a sample, so each is rendered only once.
    """
    if tokenizer.chat_template is None:
        raise UserError(
            f"{tokenizer.name_or_path} has no chat template",
            hint="use an instruction-tuned model, or a copy with chat_template.jinja",
        )
    coded: dict[str, list[int]] = {}
    for prompt in prompts:
        said = repr(prompt)
        if said not in coded:
            text = tokenizer.apply_chat_template(
                prompt, add_generation_prompt=True, tokenize=False
            )
            coded[said] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return [coded[repr(prompt)] for prompt in prompts]
