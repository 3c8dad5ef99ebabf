"""What the trainers do around TRL: what they read, where it runs, what they leave.

The options under `trl` go to TRL as they are. Before them come defaults that run
anywhere: on a CPU bf16 is thirty times slower than fp32 and gradient checkpointing
only costs. What is left is a model folder, written whole or not at all, with counts
and a history that hold no clock, host or path. Under `torchrun` all processes train,
and the first one writes.
"""

import argparse
import dataclasses
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag, recipe, tables
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.models import Model, describe, resolve
from pipeline.schema import RL_HISTORY
from pipeline.settings import Settings
from trainers.checkpoints import latest_checkpoint, run_folder

Step = dict[str, float | None]
Names = dict[str, str]


@dataclass(frozen=True)
class Run:
    """What is trained on what; checkpoints lie in `folder`."""

    params: Any
    model: Model
    rows: pl.DataFrame
    folder: Path


@dataclass(frozen=True)
class Trained:
    """The folder of a trained model, and what is told of it.

    `steps`: a row a logged step; the metrics tell the mean of `headline` over the
    first and the last ten, and the `counts`. `history` goes to a table of its own.
    """

    model: Path
    steps: list[Step]
    headline: str
    counts: dict[str, Any]
    history: pl.DataFrame | None = None


def main(
    section: str,
    params_type: type[Settings],
    train: Callable[[Run], Trained],
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
    if not file.exists():
        raise UserError(
            f"there is no {file}",
            hint=f"`export: {{formats: [trl, {section}]}}` writes it",
        )
    rows = pl.read_parquet(file, columns=columns)[: params.limit]
    if not models or rows.is_empty():
        return _explain_nothing(arguments, file, has_model=bool(models))

    import torch

    torch.set_num_threads(params.threads)
    model = models[-1]
    folder = run_folder(section, params, file, model)
    trained = train(Run(params, model, rows, folder))
    if not is_main_process():
        return None
    _publish(trained.model, arguments.out, name=f"{model.name}-{section}")
    steps, headline = trained.steps, trained.headline
    metrics = {
        "model": model.title,
        "rows": rows.height,
        "steps": len(steps),
        f"first_{headline}": _mean(steps[:10], headline),
        f"last_{headline}": _mean(steps[-10:], headline),
        **trained.counts,
    }
    report(arguments.plots, steps)
    report(arguments.metrics, metrics)
    if arguments.history and trained.history is not None:
        tables.write(trained.history, arguments.history)
    shutil.rmtree(folder, ignore_errors=True)


def is_main_process() -> bool:
    """Whether this is the only process of a run, or the first one of `torchrun`."""
    return os.environ.get("RANK", "0") == "0"


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
    parser.add_argument("--history", type=Path, help="table of every problem's epochs")
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


def numbers(options: dict[str, Any]) -> dict[str, Any]:
    """`options` with 3e-4 as a number: without a dot, YAML reads it as text."""
    is_number = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+").fullmatch
    return {
        name: float(value) if isinstance(value, str) and is_number(value) else value
        for name, value in options.items()
    }


def is_done(folder: Path) -> bool:
    """Whether `fit` has left a trained model in `folder`."""
    return (folder / "model").exists()


def fit(
    trainer: Any, folder: Path, base: Model, names: Names, counts: Any = None
) -> None:
    """Train from the newest checkpoint in `folder`, and leave `folder/model`.

    Beside it `steps.json` has a row a logged step, with TRL's numbers under the values
    of `names` and null for what a step has not; `counts.json` has `counts` and, where
    the trainer has a table to evaluate on, the loss there before and after.
    """
    _show_progress(trainer)
    checkpoint = latest_checkpoint(folder)
    counts = dict(counts or {})
    if checkpoint and (folder / "counts.json").exists():
        counts = json.loads((folder / "counts.json").read_text())
    elif trainer.eval_dataset is not None:
        counts["heldout_rows"] = len(trainer.eval_dataset)
        counts["heldout_nll_before"] = _rounded(trainer.evaluate()["eval_loss"])
    _leave(folder / "counts.json", counts)
    trainer.train(resume_from_checkpoint=checkpoint)
    if trainer.eval_dataset is not None:
        counts["heldout_nll_after"] = _rounded(trainer.evaluate()["eval_loss"])
    _leave(folder / "counts.json", counts)
    steps = [
        {"step": logged["step"]}
        | {name: _rounded(logged.get(in_trl)) for in_trl, name in names.items()}
        for logged in trainer.state.log_history
        if "loss" in logged
    ]
    _leave(folder / "steps.json", steps)
    _save(trainer, folder / "model", base)


def _leave(file: Path, value: Any) -> None:
    """Write `value` as JSON, in the first process alone."""
    if is_main_process():
        report(file, value)


def _show_progress(trainer: Any) -> None:
    """A progress bar alone: what is logged is kept, not printed."""
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    class Bar(ProgressCallback):
        def on_log(self, *given: Any, **more: Any) -> None:
            """Print nothing."""

    trainer.remove_callback(PrinterCallback)
    if trainer.pop_callback(ProgressCallback):
        trainer.add_callback(Bar)


def _save(trainer: Any, out: Path, base: Model) -> None:
    """Write the trained model and its tokenizer into `out`, the whole or nothing.

    An adapter is merged into `base`, so that the folder loads like any other.
    """
    draft = out.with_name(out.name + ".draft")
    if is_main_process():
        shutil.rmtree(draft, ignore_errors=True)
    trainer.accelerator.wait_for_everyone()
    trainer.model.config.use_cache = True  # off in training, and dear in use
    trainer.save_model(str(draft))  # by all processes: sharded weights are gathered
    if is_main_process():
        (draft / "training_args.bin").unlink()  # a pickle with this machine's paths
        if (draft / "adapter_config.json").exists():
            _merge_adapter(draft, base)
        describe(draft, kind="local", name=base.name)
        draft.rename(out)
    trainer.accelerator.wait_for_everyone()


def _merge_adapter(folder: Path, base: Model) -> None:
    """Put `base` with the adapter in `folder` merged into it there instead.

    The base is loaded anew: what a quantised one was trained on has lost precision.
    """
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    revision = base.revision if base.kind == "hub" else None
    model = AutoModelForCausalLM.from_pretrained(
        base.load, revision=revision, dtype="auto"
    )
    merged = PeftModel.from_pretrained(model, str(folder)).merge_and_unload()
    for file in (*folder.glob("adapter_*"), folder / "README.md"):
        file.unlink(missing_ok=True)
    merged.save_pretrained(folder)


def read_trained(folder: Path, headline: str) -> Trained:
    """What `fit` left in `folder`."""
    steps, counts = (
        json.loads((folder / name).read_text())
        for name in ("steps.json", "counts.json")
    )
    return Trained(folder / "model", steps, headline, counts)


def dataset(rows: pl.DataFrame) -> Any:
    """`rows` as TRL takes them."""
    from datasets import Dataset

    return Dataset(rows.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _publish(model: Path, out: Path, *, name: str) -> None:
    """Move the folder `model` to `out`, which may be on another disk."""
    draft = out.with_name(out.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(model, draft)
    describe(draft, kind="local", name=name)
    shutil.rmtree(out, ignore_errors=True)
    draft.rename(out)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _mean(steps: list[Step], name: str) -> float | None:
    """The mean of one column of a history: single steps are noisy."""
    values = [step[name] for step in steps if step[name] is not None]
    return round(sum(values) / len(values), 4) if values else None  # type: ignore[arg-type]


def _write_off(arguments: argparse.Namespace) -> None:
    """Leave what a trainer leaves that the recipe does not use."""
    describe(arguments.out, kind="off")
    report(arguments.metrics, {"kind": "off"})
    report(arguments.plots, [])
    if arguments.history:
        tables.write(RL_HISTORY.to_frame(), arguments.history)


def report(file: Path | None, value: Any) -> None:
    """Write `value` as JSON, where a file is asked for."""
    if file:
        write_text(file, json.dumps(value, indent=2) + "\n")
