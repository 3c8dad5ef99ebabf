"""How many tokens a text has, by a tokenizer that is named."""

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from pipeline.errors import UserError, one_line
from pipeline.models import Reference

PACKAGED = "packaged"
BATCH = 1000


class Pinned(Reference):
    """A tokenizer, or a model with its own; `packaged` is SmolLM2, which needs no Hub.

    Otherwise a Hub repository (`repo`) at a commit (`revision`), or a folder (`path`).
    """

    @property
    def name(self) -> str:
        return self.repo or self.path

    def commit(self, setting: str) -> str | None:
        """The commit to load; UserError where it has to be named and is not."""
        if self.repo not in ("", PACKAGED) and not self.revision:
            raise UserError(
                f"{setting}: {self.repo} is at no commit",
                hint="write {repo: …, revision: …}, with a full commit hash",
            )
        return self.revision or None


def load_tokenizer(pinned: Pinned, setting: str = "tokenizer") -> Any:
    """The tokenizer; UserError where it can be had neither here nor from the Hub."""
    if pinned.repo == PACKAGED:
        from pipeline import packaged

        return packaged.load_tokenizer()
    from transformers import AutoTokenizer

    revision = pinned.commit(setting)
    try:
        return AutoTokenizer.from_pretrained(pinned.name, revision=revision)
    except (OSError, ValueError) as error:
        raise UserError(
            f"the tokenizer {pinned.name} cannot be had: {one_line(error)}",
            hint="`packaged` is SmolLM2's and needs no Hub",
        ) from None


def token_counter(
    pinned: Pinned | None, setting: str = "tokenizer"
) -> Callable[[pl.Series], pl.Series]:
    """What gives the tokens of each text (int32), without those that open or end it.

    Nulls where `pinned` is None. UserError where the tokenizer cannot be had.
    """
    if pinned is None:
        return lambda texts: pl.Series([None] * len(texts), dtype=pl.Int32)
    return partial(_count, tokenizer=load_tokenizer(pinned, setting))


def _count(texts: pl.Series, tokenizer: Any) -> pl.Series:
    counts = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH].to_list()
        # What is too long for a context is counted too, so there is nothing to warn of.
        encoded = tokenizer(batch, add_special_tokens=False, verbose=False)
        counts += [len(ids) for ids in encoded["input_ids"]]
    return pl.Series(counts, dtype=pl.Int32)
