"""One run of a trainer: its folder, its checkpoints, and the model that it leaves.

A folder in the cache is named by what decides the result, so that a killed run goes on
where it was and another one starts anew. Checkpoints lie in it, and once all is done
`model`, written whole or not at all. Under `torchrun` all processes train, and the
first one writes.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.console import progress
from pipeline.files import replacing_folder, update_by_file, write_text
from pipeline.machine import cache_folder
from pipeline.models import Model, describe, resolve
from pipeline.owners import PATIENCE_S, owning
from pipeline.settings import Settings

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


def run_folder(section: str, params: Settings, table: Path, model: Model) -> Path:
    """The folder of the run of `section` with `params` on `table` from `model`."""
    digest = blake2b(digest_size=12)
    update_by_file(digest, table)
    world_size = os.environ.get("WORLD_SIZE", "1")
    decides = [params.model_dump(mode="json"), model.load, model.revision, world_size]
    digest.update(json.dumps(decides, sort_keys=True).encode())
    return cache_folder("trainers") / f"{section}-{digest.hexdigest()}"


def latest_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint in `folder`, as a Trainer resumes from it.

    The Trainer writes `trainer_state.json` last: without it a checkpoint is cut off.
    """
    complete = [file.parent for file in folder.glob("checkpoint-*/trainer_state.json")]
    newest = max(complete, key=lambda path: int(path.name.split("-")[1]), default=None)
    return str(newest) if newest else None


def is_done(folder: Path) -> bool:
    """Whether `fit` has left a trained model in `folder`."""
    return (folder / "model").exists()


def fit(
    trainer: Any,
    folder: Path,
    base: Model,
    names: Names,
    counts: dict[str, Any] | None = None,
) -> None:
    """Train from the newest checkpoint in `folder`, and leave `folder/model`.

    Beside it `outcome.json` has `steps`, a row a logged step with TRL's numbers under
    the values of `names` (null for what a step has not), and `counts`; where there is a
    table to evaluate on, with the loss there before and after.
    """
    with _showing_progress(trainer):
        trainer.train(resume_from_checkpoint=latest_checkpoint(folder))
    counts = dict(counts or {})
    if trainer.eval_dataset is not None:
        trainer.evaluate()
        logged = trainer.state.log_history
        losses = [_rounded(row["eval_loss"]) for row in logged if "eval_loss" in row]
        counts["heldout_rows"] = len(trainer.eval_dataset)
        counts["heldout_nll_before"] = losses[0]
        counts["heldout_nll_after"] = losses[-1]
    steps = [
        {"step": logged["step"]}
        | {name: _rounded(logged.get(in_trl)) for in_trl, name in names.items()}
        for logged in trainer.state.log_history
        if "loss" in logged
    ]
    if is_main_process():
        report(folder / "outcome.json", {"steps": steps, "counts": counts})
    _save(trainer, folder / "model", base)


@contextmanager
def _showing_progress(trainer: Any) -> Iterator[None]:
    """Show steps as other long work is shown; what is logged is kept, not printed."""
    from transformers.trainer_callback import (
        PrinterCallback,
        ProgressCallback,
        TrainerCallback,
    )

    for shown in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(shown)
    if not is_main_process():
        yield
        return
    with progress() as bar:
        task = bar.add_task("training steps", start=False)

        class Steps(TrainerCallback):
            def on_train_begin(self, args: Any, state: Any, *_: Any, **kw: Any) -> None:
                self.before = state.global_step  # a resumed run begins behind it
                bar.update(task, total=state.max_steps - self.before)
                bar.start_task(task)

            def on_step_end(self, args: Any, state: Any, *_: Any, **kw: Any) -> None:
                bar.update(task, completed=state.global_step - self.before)

        trainer.add_callback(Steps())
        yield


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
    outcome = json.loads((folder / "outcome.json").read_text("utf-8"))
    return Trained(folder / "model", outcome["steps"], headline, outcome["counts"])


def publish(model: Path, out: Path, *, name: str) -> None:
    """Move the folder `model` to `out`, which may be on another disk."""
    revision = resolve(model).revision  # the files stay, and so does their digest
    with replacing_folder(out) as draft:
        shutil.copytree(model, draft, dirs_exist_ok=True, copy_function=_link)
        describe(draft, kind="local", name=name, revision=revision)


def _link(source: str, target: str) -> None:
    """Give the file `source` a second name, or copy it where the disk has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@contextmanager
def owned_by_first(out: Path, folder: Path) -> Iterator[None]:
    """Own the model folder `out` and the run's own, in the first process of a run."""
    with ExitStack() as stack:
        if is_main_process():
            stack.enter_context(owning(out, patience_s=PATIENCE_S))
            stack.enter_context(owning(folder))
        yield


def is_main_process() -> bool:
    """Whether this is the only process of a run, or the first one of `torchrun`."""
    return os.environ.get("RANK", "0") == "0"


def wait_for_all() -> None:
    """Wait until every process of a run has come so far."""
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.barrier()


def report(file: Path | None, value: Any) -> None:
    """Write `value` as JSON, where a file is asked for."""
    if file:
        write_text(file, json.dumps(value, indent=2) + "\n")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
