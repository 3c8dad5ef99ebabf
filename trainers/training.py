"""What the trainers do around TRL: what they read, where it runs, what they leave.

The options under `trl` go to TRL as they are. Before them come defaults that run
anywhere: on a CPU bf16 is thirty times slower than fp32 and gradient checkpointing
only costs. What is left is a model folder, written whole or not at all, with counts
and a history that hold no clock, host or path. Under `torchrun` all processes train,
and the first one writes.
"""

import argparse
import dataclasses
import shutil
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from pipeline import dag, recipe, tables
from pipeline.charts import Chart
from pipeline.errors import UserError
from pipeline.models import Model, describe, resolve
from pipeline.rounding import round_alike
from pipeline.schema import RL_HISTORY
from pipeline.settings import LibraryOptions, Settings
from trainers.curves import curve, write_chart
from trainers.runs import (
    Run,
    Step,
    Trained,
    is_main_process,
    owned_by_first,
    publish,
    report,
    run_folder,
    wait_for_all,
)


class TrainerParams(Settings):
    """What the sections of all trainers have.

    `trl` goes to TRL's configuration, `peft` to LoraConfig. On a CPU, another number of
    `threads` gives other rounding.
    """

    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    threads: int = Field(default=1, ge=1)
    peft: dict[str, Any] | None = None
    trl: LibraryOptions = Field(default={})


def main(
    section: str,
    params_type: type[TrainerParams],
    train: Callable[[Run], Trained],
    *,
    table: str,
    columns: list[str],
) -> None:
    """Train as `section` of the recipe says, on `columns` of a table of `export`.

    Where the recipe has a curriculum, its stages are among the columns too.

    UserError where nothing is off and there is still no model or no row.
    """
    words = _read_words(section)
    params: Any = recipe.load(params_type, section)
    if params is None:
        return _write_off(words)
    models = [model for model in map(resolve, words.models) if not model.is_off]
    file = words.export / table
    hint = f"`export: {{formats: [trl, {section}]}}` writes it"
    optional = ("curriculum_stage",)
    rows = tables.read_columns(file, columns, hint, optional=optional)[: params.limit]
    if not models or rows.is_empty():
        return _explain_nothing(words, file, has_model=bool(models))

    # First, since its extra brings torch too, and that of torch alone not trl.
    import_module("trl")
    import torch

    round_alike(Path(models[-1].load))
    torch.set_num_threads(params.threads)
    folder = run_folder(section, params, file, models[-1])
    with owned_by_first(words.out, folder):
        _train(section, train, Run(params, models[-1], rows, folder), words)


def _train(
    section: str,
    train: Callable[[Run], Trained],
    run: Run,
    words: argparse.Namespace,
) -> None:
    """Train, and write the model and what was counted where the command says."""
    trained = train(run)
    # The first process clears the folder, from which the others still read.
    wait_for_all()
    if not is_main_process():
        return
    publish(trained.model, words.out, name=f"{run.model.name}-{section}")
    steps, headline = trained.steps, trained.headline
    metrics = {
        "model": run.model.title,
        "rows": run.rows.height,
        "steps": len(steps),
        f"first_{headline}": _mean(steps[:10], headline),
        f"last_{headline}": _mean(steps[-10:], headline),
        **trained.counts,
    }
    write_chart(curve(steps, headline), words.numbers, words.plots)
    report(words.metrics, metrics)
    if words.history and trained.history is not None:
        tables.write(trained.history, words.history)
    shutil.rmtree(run.folder, ignore_errors=True)


def _read_words(section: str) -> argparse.Namespace:
    """The command line of a trainer: a table of `export`, and models to start from."""
    parser = argparse.ArgumentParser(
        prog=f"python -m trainers.{section}",
        description=f"Train a model as the section `{section}` of params.yaml says, "
        f"whose settings and their defaults docs/{section}.md lists. A run that was "
        "killed goes on where its last checkpoint was written.",
    )
    parser.add_argument("export", type=Path, help="folder that the stage export wrote")
    parser.add_argument(
        "models",
        type=Path,
        nargs="+",
        help="model folders, in the order of the stages; training starts from the last "
        "that its recipe did not turn off",
    )
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--metrics", type=Path, help="JSON to write: rows, steps, loss")
    parser.add_argument(
        "--numbers", type=Path, help="JSON to write: the curve, with a row a step"
    )
    parser.add_argument("--plots", type=Path, help="folder to write: the curve as SVG")
    parser.add_argument(
        "--history",
        type=Path,
        help="parquet to write: how often each problem was right, epoch by epoch",
    )
    return parser.parse_args()


def _explain_nothing(words: argparse.Namespace, file: Path, *, has_model: bool) -> None:
    """Leave a model that is off where the recipe turns off what would be trained on."""
    if left_out := _left_out():
        print(
            f"{words.out}: nothing is trained, because this recipe turns off "
            f"{', '.join(left_out)}"
        )
        return _write_off(words)
    if has_model:
        raise UserError(
            f"{file} has no rows to train on",
            hint="`goldsieve funnel` shows which stage dropped them",
        )
    raise UserError(
        f"there is nothing to train: {', '.join(map(str, words.models))} is off",
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


def arguments(run: Run, kind: Callable[..., Any], **options: Any) -> dict[str, Any]:
    """What every trainer of TRL is given; `options` are those of its config `kind`."""
    options = {"seed": run.params.seed, "output_dir": str(run.folder), **options}
    return {
        "model": run.model.load,
        "args": configure(kind, run.model, **options),
        "train_dataset": dataset(run.rows),
        "peft_config": adapter(run.params.peft),
    }


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
        return kind(**(ANYWHERE | options))
    except ValueError as error:
        raise UserError(f"trl: {error}") from error


def adapter(options: dict[str, Any] | None) -> Any:
    """The LoraConfig with `options`, None where no adapter is asked for."""
    if options is None:
        return None
    from peft import LoraConfig

    return LoraConfig(**{"task_type": "CAUSAL_LM"} | options)


ON_CPU = {
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "dataloader_pin_memory": False,
}
ANYWHERE = {
    "report_to": "none",
    "logging_steps": 1,
    "save_strategy": "steps",
    "save_steps": 100,
    "save_total_limit": 2,
}


def dataset(rows: pl.DataFrame) -> Any:
    """`rows` as TRL takes them."""
    from datasets import Dataset

    return Dataset(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _mean(steps: list[Step], name: str) -> float | None:
    """The mean of one column of a history: single steps are noisy."""
    values = [step[name] for step in steps if step[name] is not None]
    return round(sum(values) / len(values), 4) if values else None  # type: ignore[arg-type]


def _write_off(words: argparse.Namespace) -> None:
    """Leave what a trainer leaves that the recipe does not use."""
    describe(words.out, kind="off")
    report(words.metrics, {"kind": "off"})
    write_chart(Chart([]), words.numbers, words.plots)
    if words.history:
        tables.write(RL_HISTORY.to_frame(), words.history)
