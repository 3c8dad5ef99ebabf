"""How many tokens a text has, by a tokenizer that is named."""

from pathlib import Path
from typing import Any, Self

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.settings import Settings

PACKAGED = "packaged"
BATCH = 1000


class Pinned(Settings):
    """`name`: a Hub id, which needs its commit; a folder; or `packaged` (SmolLM2)."""

    name: str
    revision: str = Field(default="", pattern="^([0-9a-f]{40})?$")

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.is_on_hub and not self.revision:
            raise ValueError(
                f"{self.name}: a name on the Hub needs `revision`, a full commit hash"
            )
        return self

    @property
    def is_on_hub(self) -> bool:
        return self.name != PACKAGED and not Path(self.name).is_dir()


def load_tokenizer(pinned: Pinned) -> Any:
    """The tokenizer; UserError where it can be had neither here nor from the Hub."""
    if pinned.name == PACKAGED:
        from pipeline import packaged

        return packaged.load_tokenizer()
    from transformers import AutoTokenizer

    try:
        revision = pinned.revision or None
        return AutoTokenizer.from_pretrained(pinned.name, revision=revision)
    except (OSError, ValueError) as error:
        raise UserError(
            f"the tokenizer {pinned.name} cannot be had: {str(error).splitlines()[0]}",
            hint="`name: packaged` is SmolLM2's and needs no Hub",
        ) from None


def count_tokens(texts: pl.Series, pinned: Pinned) -> pl.Series:
    """Tokens of each text (int32), without those that open or end a text."""
    tokenizer = load_tokenizer(pinned)
    counts = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH].to_list()
        # What is too long for a context is counted too, so there is nothing to warn of.
        encoded = tokenizer(batch, add_special_tokens=False, verbose=False)
        counts += [len(ids) for ids in encoded["input_ids"]]
    return pl.Series(counts, dtype=pl.Int32)
