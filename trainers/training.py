"""What both trainers do around TRL: what they read, where it runs, what they leave.

The options under `trl` go to TRL as they are. Before them come defaults that run
anywhere: on a CPU bf16 is thirty times slower than fp32 and gradient checkpointing
only costs. What is left is a model folder, written whole or not at all, with counts
and a history that hold no clock, host or path.
"""

import argparse
import dataclasses
import json
import re
import shutil
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag, recipe
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.machine import cache_folder
from pipeline.models import Model, describe, resolve
from pipeline.settings import Settings

# The trainer when it is done, and which of TRL's logged numbers are kept under which
# names; the metrics tell the first.
Trained = tuple[Any, dict[str, str]]


def main(
    section: str,
    params_type: type[Settings],
    train: Callable[[Any, Model, Any], Trained],
    *,
    table: str,
    columns: list[str],
) -> None:
    """Train as `section` of the recipe says, on `columns` of a table of `export`.

    UserError where nothing is off and there is still no model or no row.
    """
    arguments = _arguments(section)
    params: Any = recipe.load(params_type, section)
    if params is None:
        return _write_off(arguments)
    models = [model for model in map(resolve, arguments.models) if not model.is_off]
    file = arguments.export / table
    rows = pl.read_parquet(file, columns=columns)[: params.limit]
    if not models or rows.is_empty():
        return _explain_nothing(arguments, file, has_model=bool(models))

    import torch
    from datasets import Dataset

    model = models[-1]
    torch.set_num_threads(params.threads)
    data = Dataset(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))
    trainer, names = train(params, model, data)
    _save(trainer, arguments.out, name=f"{model.name}-{section}")
    steps = _history(trainer, names)
    name = next(iter(names.values()))
    metrics = {
        "model": model.title,
        "rows": rows.height,
        "steps": trainer.state.global_step,
        f"first_{name}": _mean(steps[:10], name),
        f"last_{name}": _mean(steps[-10:], name),
    }
    report(arguments.plots, steps)
    report(arguments.metrics, metrics)


def _arguments(section: str) -> argparse.Namespace:
    """The command line of a trainer: a table of `export`, and models to start from."""
    parser = argparse.ArgumentParser(description=f"Train as {section} in the recipe.")
    parser.add_argument("export", type=Path, help="folder that the export stage wrote")
    parser.add_argument(
        "models", type=Path, nargs="+", help="the last that is not off is trained"
    )
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--metrics", type=Path, help="JSON with what was counted")
    parser.add_argument("--plots", type=Path, help="JSON with one row a logged step")
    return parser.parse_args()


def _explain_nothing(
    arguments: argparse.Namespace, file: Path, *, has_model: bool
) -> None:
    """Leave a model that is off where the recipe turns off what would be trained on."""
    if left_out := _left_out():
        print(
            f"{arguments.out}: nothing is trained, because this recipe turns off "
            f"{', '.join(left_out)}"
        )
        return _write_off(arguments)
    if has_model:
        raise UserError(
            f"{file} has no rows to train on",
            hint="`goldsieve funnel` shows which stage dropped them",
        )
    raise UserError(
        f"there is nothing to train: {', '.join(map(str, arguments.models))} is off",
        hint="give the recipe's `model` a kind, or turn the trainers off",
    )


def _left_out() -> list[str]:
    """Stages that are off and without which there may be nothing to train on.

    A filter that is off passes rows on; but only `verify` knows which traces are right.
    """
    sections = recipe.read()
    return [
        stage.name
        for stage in dag.before(dag.read(), "sft")
        if stage.kind == "make" or stage.name == "verify"
        if dag.is_off(sections, stage.name)
    ]


def configure(kind: Callable[..., Any], model: Model, **options: Any) -> Any:
    """`kind` (a TRL config) with `options`; the last of equal names is theirs."""
    import torch

    if not torch.cuda.is_available():
        options = ON_CPU | options
    if model.kind == "hub":
        given = options.get("model_init_kwargs") or {}
        options["model_init_kwargs"] = {"revision": model.revision, **given}
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name in sorted(set(options) - set(known)):
        close = ", ".join(get_close_matches(name, known)) or "TRL's documentation"
        raise UserError(f"trl: there is no option {name!r}", hint=f"see {close}")
    try:
        return kind(
            **(ANYWHERE | {"output_dir": str(cache_folder("trainers"))} | options)
        )
    except ValueError as error:
        raise UserError(f"trl: {error}") from error


ON_CPU = {
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "dataloader_pin_memory": False,
}
ANYWHERE = {"report_to": "none", "save_strategy": "no", "logging_steps": 1}


def numbers(options: dict[str, Any]) -> dict[str, Any]:
    """`options` with 3e-4 as a number: without a dot, YAML reads it as text."""
    is_number = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+").fullmatch
    return {
        name: float(value) if isinstance(value, str) and is_number(value) else value
        for name, value in options.items()
    }


def run(trainer: Any) -> None:
    """Train under a progress bar; what was logged is kept, not printed."""
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    class Bar(ProgressCallback):
        def on_log(self, *given: Any, **more: Any) -> None:
            """Print nothing."""

    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback):
        trainer.add_callback(Bar)
    trainer.train()


def _save(trainer: Any, out: Path, *, name: str) -> None:
    """Write the trained model and its tokenizer as the model folder `out`."""
    draft = out.with_name(out.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    trainer.model.config.use_cache = True  # off in training, and dear in use
    trainer.save_model(str(draft))
    (draft / "training_args.bin").unlink()  # a pickle with this machine's paths
    describe(draft, kind="local", name=name)
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def _history(trainer: Any, names: dict[str, str]) -> list[dict[str, float]]:
    """One row a logged step, with TRL's numbers under the values of `names`."""
    return [
        {"step": logged["step"]}
        | {name: round(logged[in_trl], 6) for in_trl, name in names.items()}
        for logged in trainer.state.log_history
        if set(names) <= set(logged)
    ]


def _mean(steps: list[dict[str, float]], name: str) -> float:
    """The mean of one column of a history: single steps are noisy."""
    return round(sum(step[name] for step in steps) / len(steps), 4)


def _write_off(arguments: argparse.Namespace) -> None:
    """Leave what a trainer leaves that the recipe does not use."""
    describe(arguments.out, kind="off")
    report(arguments.metrics, {"kind": "off"})
    report(arguments.plots, [])


def report(file: Path | None, value: Any) -> None:
    """Write `value` as JSON, where a file is asked for."""
    if file:
        write_text(file, json.dumps(value, indent=2) + "\n")
