"""Train a small Llama from scratch on arithmetic chains, on the CPU.

Batches hold random lengths: sorted by length, the loss takes three times as long
to fall. Weights start wide (0.08): at this size the usual 0.02 hardly moves.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.console import track
from stages.sources import arithmetic

if TYPE_CHECKING:
    from stages.model import Tiny

THINKING = ("<think>", "</think>", "\\boxed{")
TEMPLATE = (
    "{% for message in messages %}{{ message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ eos_token }}"
    "{% else %}{{ '\\n' }}{% endif %}{% endfor %}"
)


def train(params: "Tiny", out: Path) -> dict[str, object]:
    """Train, and save model and tokenizer into `out` as `from_pretrained` reads."""
    import torch

    torch.set_num_threads(params.threads)
    torch.manual_seed(params.seed)
    tokenizer = make_tokenizer()
    examples = list(_encoded(params, tokenizer))
    model = make_model(params, tokenizer)
    loss = _fit(model, examples, params, tokenizer.pad_token_id)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    return {"parameters": model.num_parameters(), "loss": round(loss, 4)}


def make_tokenizer() -> Any:
    """One token a printable character, and one for each mark of the format."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    characters = ["\n", *(chr(code) for code in range(32, 127))]
    words = ["<pad>", "<eos>", "<unk>", *characters]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    # Special tokens would be stripped from completions; these marks must stay.
    tokenizer.add_tokens([AddedToken(mark, special=False) for mark in THINKING])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        unk_token="<unk>",
        padding_side="left",
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def make_model(params: "Tiny", tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=params.hidden,
            intermediate_size=params.feed_forward,
            num_hidden_layers=params.layers,
            num_attention_heads=params.heads,
            num_key_value_heads=params.heads,
            max_position_embeddings=params.context,
            rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
            initializer_range=0.08,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype="float32",
        )
    )


def _encoded(params: "Tiny", tokenizer: Any) -> Iterator[tuple[list[int], int]]:
    """Token ids of each example, and how many of them are the prompt."""
    rng = random.Random(params.seed)
    texts = [_example(rng) for _ in range(params.rows)]
    prompts = tokenizer([prompt for prompt, _ in texts])["input_ids"]
    completions = tokenizer([text for _, text in texts])["input_ids"]
    for prompt, completion in zip(prompts, completions, strict=True):
        yield [*prompt, *completion, tokenizer.eos_token_id], len(prompt)


def _example(rng: random.Random) -> tuple[str, str]:
    while True:
        chain = arithmetic.draw(rng.choice(arithmetic.LEVELS), rng)
        if arithmetic.part_of(chain) == "train":
            asked = f"{arithmetic.problem(chain)}\n"
            return asked, arithmetic.noisy_solution(chain, rng)


def _fit(
    model: Any, examples: list[tuple[list[int], int]], params: "Tiny", pad: int
) -> float:
    """One AdamW step a batch, linear warm-up and decay; the last steps' mean loss."""
    import torch

    optimizer = torch.optim.AdamW(
        model.parameters(), params.learning_rate, betas=(0.9, 0.99), weight_decay=0.01
    )
    warmup = max(1, params.steps // 50)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / warmup, 1.0 - 0.95 * step / params.steps),
    )
    rng = random.Random(params.seed + 1)
    losses: list[float] = []
    for _ in track(range(params.steps), "training", total=params.steps):
        batch = rng.sample(examples, min(params.batch_size, len(examples)))
        ids, labels = _padded(batch, pad)
        # Padding is on the right, where causal attention never looks.
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return sum(losses[-100:]) / len(losses[-100:])


def _padded(batch: list[tuple[list[int], int]], pad: int) -> tuple[Any, Any]:
    """Right-padded ids, and labels that leave out the prompt and the padding."""
    import torch

    width = max(len(ids) for ids, _ in batch)
    inputs = torch.full((len(batch), width), pad)
    labels = torch.full((len(batch), width), -100)
    for row, (ids, prompt) in enumerate(batch):
        inputs[row, : len(ids)] = torch.tensor(ids)
        labels[row, prompt : len(ids)] = torch.tensor(ids[prompt:])
    return inputs, labels
