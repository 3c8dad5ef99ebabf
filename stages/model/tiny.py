"""Train a small Llama from scratch on arithmetic chains, on the CPU.

Examples are packed, several to a row, and see only themselves: padded batches
spent half of their time on padding. A batch holds random lengths, because sorted
by length the loss falls three times slower. Many small steps beat few large ones.
Weights start wide (0.08): at this size the usual 0.02 hardly moves.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.console import track
from pipeline.rounding import round_alike
from stages.sources import arithmetic, words

if TYPE_CHECKING:
    from stages.model import Tiny

ROW = 128  # tokens; the longest example has 83
CONTEXT = 1024
HANDWRITTEN = Path(words.__file__).with_name("handwritten.jsonl")

SPECIAL = ("<pad>", "<eos>", "<unk>", "<|system|>", "<|user|>", "<|assistant|>")
MARKS = ("<think>", "</think>", "\\boxed{")
CHARACTERS = ("\n", *map(chr, range(32, 127)))

# `generation` marks what TRL's assistant_only_loss trains on.
TEMPLATE = """\
{%- for message in messages -%}
{{- '<|' + message['role'] + '|>' -}}
{%- if message['role'] == 'assistant' -%}
{%- generation -%}{{- message['content'] + eos_token -}}{%- endgeneration -%}
{%- else -%}
{{- message['content'] -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}
"""

Example = tuple[list[int], int]  # token ids, and how many of them are the prompt


def train(params: "Tiny", out: Path) -> dict[str, object]:
    """Train, and save model and tokenizer into `out` as `from_pretrained` reads."""
    import torch

    round_alike()
    torch.set_num_threads(1)  # so small that a second thread only waits
    torch.manual_seed(params.seed)
    tokenizer = make_tokenizer()
    examples = list(_encoded(params, tokenizer))
    model = make_model(tokenizer)
    loss = _fit(model, examples, params)
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / "words.txt").write_text(" ".join(list_words()), encoding="utf-8")
    return {"parameters": model.num_parameters(), "loss": round(loss, 4)}


def list_words() -> list[str]:
    """The words, in lower case, of the problems that the demo asks the model.

    Few are in its corpus, which is chains alone; those of reasoning-gym are beside.
    """
    texts = ["compute", *words.NAMES, *words.THINGS]
    texts += [template["text"] for template in words.TEMPLATES]
    texts.append(HANDWRITTEN.read_text(encoding="utf-8").replace("\\n", " "))
    return sorted(set(re.findall(r"[^\W\d_]+", " ".join(texts).lower())))


def make_tokenizer() -> Any:
    """One token a printable character, and one for each mark of the format.

    The marks of a worked solution are not special tokens, or decoding would strip
    them. Padding and end differ, so that training masks one and teaches the other.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    names = (*SPECIAL, *MARKS, *CHARACTERS)
    vocabulary = {name: number for number, name in enumerate(names)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    tokenizer.add_tokens([AddedToken(mark, special=False) for mark in MARKS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        unk_token="<unk>",
        model_max_length=CONTEXT,
        padding_side="left",
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=3,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT,
            rope_parameters={"rope_type": "default", "rope_theta": 1000.0},
            initializer_range=0.08,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype="float32",
        )
    )


def _encoded(params: "Tiny", tokenizer: Any) -> Iterator[Example]:
    """The corpus, as the chat template renders it: held-out chains are not in it."""
    rng = random.Random(params.seed)
    chains = [_draw_chain(rng) for _ in range(params.rows)]
    questions = [
        f"<|user|>{arithmetic.problem(chain)}<|assistant|>" for chain in chains
    ]
    solutions = [f"{arithmetic.noisy_solution(chain, rng)}<eos>" for chain in chains]
    prompts = tokenizer(questions)["input_ids"]
    answers = tokenizer(solutions)["input_ids"]
    for prompt, answer in zip(prompts, answers, strict=True):
        yield [*prompt, *answer], len(prompt)


def _draw_chain(rng: random.Random) -> str:
    while True:
        chain = arithmetic.draw(rng.choice(arithmetic.LEVELS), rng)
        if arithmetic.part_of(chain) == "train":
            return chain


def _fit(model: Any, examples: list[Example], params: "Tiny") -> float:
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
    stream = _shuffled(examples, params.seed)
    losses: list[float] = []
    for _ in track(range(params.steps), "training", total=params.steps):
        loss = model(**_packed(stream, params.batch_rows)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return sum(losses[-100:]) / len(losses[-100:])


def _shuffled(examples: list[Example], seed: int) -> Iterator[Example]:
    """The examples over and over, each time in another order."""
    rng = random.Random(seed)
    while True:
        yield from rng.sample(examples, len(examples))


def _packed(stream: Iterator[Example], rows: int) -> dict[str, Any]:
    """A batch (rows, ROW) with as many examples of the stream as fit in turn.

    Labels leave out prompts and padding; the mask lets an example see only itself.
    """
    import torch

    ids, positions, owner = (torch.zeros(rows, ROW, dtype=torch.long) for _ in "123")
    labels = torch.full((rows, ROW), -100)
    row = start = 0
    for number, (example, prompt) in enumerate(stream, start=1):
        end = start + len(example)
        if end > ROW:
            row, start, end = row + 1, 0, len(example)
        if row == rows:
            break
        ids[row, start:end] = torch.tensor(example)
        labels[row, start + prompt : end] = torch.tensor(example[prompt:])
        positions[row, start:end] = torch.arange(len(example))
        owner[row, start:end] = number
        start = end
    same = owner[:, :, None] == owner[:, None, :]
    return {
        "input_ids": ids,
        "labels": labels,
        "position_ids": positions,
        "attention_mask": same.tril()[:, None],
    }
