"""Opens the engine of a recipe: on this machine, or as copies on a cluster."""

from functools import partial
from importlib import import_module
from typing import Any

from pipeline.cluster.each import is_cluster
from pipeline.engines.contract import EVERY_SPEED, SPEED, Engine
from pipeline.errors import UserError
from pipeline.machine import machine
from pipeline.models import Model, loading


def load(name: str, model: Model, options: dict[str, Any]) -> Engine:
    """The engine called `name`, with `model` loaded, or copies of it on a cluster.

    `options` are those of the recipe; machine.yaml adds its own. UserError where its
    libraries are not installed.
    """
    options = options | machine_options(name)
    open_engine = partial(_load_here, name, model, options)
    if not is_cluster() or name == "server":  # a server has copies of its own
        return open_engine()
    copies: Engine = import_module("pipeline.engines.copies").Engine(
        open_engine, options
    )
    return copies


def _load_here(name: str, model: Model, options: dict[str, Any]) -> Engine:
    """The engine on this machine; see `load`."""
    try:
        module = import_module(f"pipeline.engines.{name}")
        with loading(model):
            engine: Engine = module.Engine(model, options)
    except ImportError as error:
        raise UserError(
            f"engine {name} cannot be loaded: {error}",
            hint=f'pip install "goldsieve[{"vllm" if name == "vllm" else "train"}]"',
        ) from error
    return engine


def machine_options(name: str) -> dict[str, Any]:
    """What machine.yaml says to the engine called `name`; UserError for a typo."""
    options = machine().engine
    if unknown := sorted(options.keys() - EVERY_SPEED):
        raise UserError(
            f"machine.yaml: engine: there is no option {unknown[0]!r}",
            hint=f"the options are {', '.join(sorted(EVERY_SPEED))}",
        )
    taken = SPEED.get(name, set())
    return {option: value for option, value in options.items() if option in taken}
