"""Which sentence encoder a recipe asks for; `pipeline/embedding.py` runs it."""

from typing import Literal

from pydantic import Field

from pipeline.settings import Settings

PACKAGED = "sentence-transformers/all-MiniLM-L6-v2"


class Encoder(Settings):
    """Which sentence encoder is used, and how many tokens of a text it reads.

    `encoder: hub` loads `model` at `revision`; `packaged` is all-MiniLM-L6-v2 from
    an installed package, for machines without a hub; `static` averages that
    model's word vectors, weighted by rarity: hundreds of times faster, and coarser.
    """

    encoder: Literal["hub", "packaged", "static"] = "hub"
    model: str = PACKAGED
    revision: str = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
    max_tokens: int = Field(default=256, ge=8)
