"""How the problems of a benchmark are sampled: as the recipe says, or as published.

`draws.toml` has the settings by which published tables were made. What a recipe sets
goes before its `preset`, and what it sets for one benchmark before both; what differs
from the preset in the end is told, because it is a reason why two tables differ.
"""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from pipeline.settings import Settings


class Draws(Settings):
    """How the problems of a benchmark are sampled; null is as for all of them."""

    samples: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)


class Preset(Draws):
    """How the authors of a published table sampled, and where they say so."""

    source: str
    by_benchmark: dict[str, Draws] = Field(default={})


FIELDS = set(Draws.model_fields)
TOML = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
PRESETS = {name: Preset(**fields) for name, fields in tomllib.loads(TOML).items()}


class Plan(Settings):
    """How all benchmarks are sampled, and which differ."""

    preset: str | None = None
    by_benchmark: dict[str, Draws] = Field(default={})
    samples: int = Field(default=4, ge=1)
    temperature: float = Field(default=1.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    max_tokens: int = Field(default=1024, ge=1)

    @field_validator("preset")
    @classmethod
    def _is_known(cls, preset: str | None) -> str | None:
        if preset is not None and preset not in PRESETS:
            raise ValueError(f"expected one of {', '.join(PRESETS)}")
        return preset


def choose_draws(benchmark: str, plan: Plan) -> dict[str, Any]:
    """How `benchmark` is sampled: a value for each field of Draws."""
    own = plan.model_dump(include=FIELDS, exclude_unset=True)
    own |= _given(plan.by_benchmark.get(benchmark))
    return plan.model_dump(include=FIELDS) | _published(benchmark, plan) | own


def describe_draws(benchmark: str, plan: Plan) -> dict[str, Any]:
    """What was chosen, the preset, and which settings are not the preset's."""
    chosen, published = choose_draws(benchmark, plan), _published(benchmark, plan)
    unlike = [name for name in published if published[name] != chosen[name]]
    return {"preset": plan.preset, "unlike_preset": unlike, **chosen}


def _published(benchmark: str, plan: Plan) -> dict[str, Any]:
    preset = PRESETS.get(plan.preset or "")
    own = preset.by_benchmark.get(benchmark) if preset else None
    return _given(preset) | _given(own)


def _given(draws: Draws | None) -> dict[str, Any]:
    return draws.model_dump(include=FIELDS, exclude_none=True) if draws else {}
