"""How a language model is surprised by a trace: e to the mean loss of its tokens.

The first token is given, so a text of fewer than two tokens has no perplexity. Of a
long text the first `max_tokens` count. Texts of like length share a batch, and padding
counts nowhere.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl
from pydantic import Field

from pipeline.errors import UserError
from pipeline.traces.tokens import PACKAGED, Pinned, load_tokenizer

SETTING = "hygiene.perplexity"


class Perplexity(Pinned):
    """The model, and what of a text it reads at once."""

    max_tokens: int = Field(default=2048, ge=2)
    batch_tokens: int = Field(default=4096, ge=2)


def perplexity_of(settings: Perplexity | None) -> Callable[[pl.Series], pl.Series]:
    """Gives the perplexity of each text (float32); null below two tokens.

    The model is loaded once. It is null of every text where there is none.
    """
    if settings is None:
        return lambda texts: pl.Series([None] * len(texts), dtype=pl.Float32)
    tokenizer, network = load_tokenizer(settings, SETTING), _load_network(settings)
    return partial(_measure, settings=settings, tokenizer=tokenizer, network=network)


def _measure(
    texts: pl.Series, settings: Perplexity, tokenizer: Any, network: Any
) -> pl.Series:
    if not len(texts):
        return pl.Series(dtype=pl.Float32)
    encoded = tokenizer(
        texts.to_list(),
        add_special_tokens=False,
        truncation=True,
        max_length=settings.max_tokens,
    )["input_ids"]
    order = [row for row in range(len(texts)) if len(encoded[row]) > 1]
    order.sort(key=lambda row: (len(encoded[row]), row))
    values: list[float | None] = [None] * len(texts)
    while order:
        # The longest of a batch comes last; the others are padded to its length.
        count = max(1, settings.batch_tokens // len(encoded[order[-1]]))
        rows, order = order[-count:], order[:-count]
        losses = _mean_losses(network, [encoded[row] for row in rows])
        for row, loss in zip(rows, losses, strict=True):
            values[row] = loss
    return pl.Series(values, dtype=pl.Float32).exp()


def _mean_losses(network: Any, batch: list[list[int]]) -> list[float]:
    """The mean negative log-likelihood of each text's tokens behind the first."""
    import torch

    longest = max(map(len, batch))
    lengths = torch.tensor([len(ids) for ids in batch], device=network.device)
    padded = [ids + [0] * (longest - len(ids)) for ids in batch]
    ids = torch.tensor(padded, device=network.device)
    is_text = torch.arange(longest, device=network.device) < lengths[:, None]
    with torch.inference_mode():
        logits = network(input_ids=ids, attention_mask=is_text.long()).logits
    # A text at a time: logits in float32 are the largest thing here.
    return [
        torch.nn.functional.cross_entropy(
            logits[row, : length - 1].float(), ids[row, 1:length]
        ).item()
        for row, length in enumerate(map(len, batch))
    ]


def _load_network(settings: Perplexity) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    device = "cuda" if torch.cuda.is_available() else "cpu"
    if settings.repo == PACKAGED:
        from pipeline import packaged

        network = packaged.read_network(packaged.locate())
    else:
        revision = settings.commit(SETTING)
        try:
            network = AutoModelForCausalLM.from_pretrained(
                settings.name, revision=revision, dtype="auto"
            )
        except (OSError, ValueError) as error:
            raise UserError(
                f"the model {settings.name} cannot be had: "
                + str(error).splitlines()[0]
            ) from None
    return network.to(device).eval()
