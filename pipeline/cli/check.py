"""Check the recipe, the DAG and the environment before anything runs.

Every section of params.yaml is read with its stage's own Params, so a typo is
found here and not after an hour of sampling.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from pipeline import recipe
from pipeline.errors import UserError
from pipeline.settings import Settings

TRAINED = ("sft", "grpo", "evaluate")


def check(stage: Callable[[str], ModuleType]) -> None:
    """Print one line per finding; UserError when the recipe cannot run."""
    sections = recipe.read()
    stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
    mistakes = list(_mistakes(sections, list(stages), stage))
    for line in _environment(sections):
        print(line)
    if mistakes:
        raise UserError("\n".join(mistakes))
    print(f"ok    {recipe.RECIPE}: {len(sections)} sections, all understood")


def _mistakes(
    sections: dict[str, Any], stages: list[str], stage: Callable[[str], ModuleType]
) -> Iterator[str]:
    for name in sections.keys() - set(stages):
        yield f"{recipe.RECIPE}: {name} is not a stage; stages are {', '.join(stages)}"
    yield from _order(sections)
    for name in stages:
        entries = sections.get(name) if name == "collect" else None
        wanted = [f"{name}.{entry}" for entry in entries] if entries else [name]
        for section in wanted:
            try:
                recipe.load(_params(name, stage), section)
            except UserError as error:
                yield str(error)


def _order(sections: dict[str, Any]) -> Iterator[str]:
    """Sources that are collected and not pooled, or pooled and not collected."""
    sources = set(sections.get("collect") or {})
    order = set((sections.get("pool") or {}).get("order") or ())
    for name in sorted(sources - order):
        yield f"{recipe.RECIPE}: {name} is collected, and pool.order does not name it"
    for name in sorted(order - sources):
        yield f"{recipe.RECIPE}: pool.order names {name}, and nothing collects it"


def _params(name: str, stage: Callable[[str], ModuleType]) -> type[Settings]:
    if name in TRAINED:
        from importlib import import_module

        module = import_module(f"trainers.{name}")
    else:
        module = stage(name)
    params: type[Settings] = module.Params
    return params


def _environment(sections: dict[str, Any]) -> Iterator[str]:
    """What this machine has of what the recipe may need."""
    for package, use in {
        "torch": "model, rollouts, training",
        "trl": "sft, grpo",
        "vllm": "engine: vllm",
        "sentence_transformers": "dedup_embedding",
        "faiss": "dedup_embedding",
        "ray": "PIPELINE_BACKEND=ray",
    }.items():
        has = find_spec(package) is not None
        yield f"{'ok   ' if has else 'none '} {package} ({use})"
    has_sandbox = shutil.which("bwrap") is not None
    yield f"{'ok   ' if has_sandbox else 'none '} bubblewrap (verifier: code)"
    if "$GOLDSIEVE_DATA" in str(sections):
        is_there = Path(os.environ.get("GOLDSIEVE_DATA") or "none").is_dir()
        yield f"{'ok   ' if is_there else 'none '} GOLDSIEVE_DATA"
