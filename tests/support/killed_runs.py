"""Train several times from the same project: to the end, and killed on the way.

    python -m tests.support.killed_runs sft|grpo STEP [STEP …]

Run in a project folder. Every run is a fork that has imported everything, so it is as
quick as training is; one that is to be killed sends itself SIGKILL in the middle of a
training step. Prints the digest of the weights of the run without a kill, and of the
one that went on after all kills.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.grading.guarded import verify
from pipeline.grading.workers import Answer
from pipeline.models import resolve
from pipeline.verifiers.contract import Verdict

WORDS = ["--metrics", "m.json", "--history", "h.parquet", "data/export", "models/base"]


@contextmanager
def grader_of_this_process(*settings: Any) -> Iterator[Any]:
    """The real verifiers without their worker processes: nothing here is hostile."""

    def grade(answers: list[Answer]) -> list[Verdict]:
        return [verify(*answer[:4]) for answer in answers]

    yield grade


def train(kind: str, out: str, kill_at: int | None) -> int:
    """Train in a fork; its exit status is that of a process that was waited for."""
    if pid := os.fork():
        return os.waitpid(pid, 0)[1]
    import torch
    from transformers import Trainer

    from trainers import grpo, sft

    torch.set_num_threads(1)
    grpo.grader = grader_of_this_process  # type: ignore[assignment]
    step = Trainer.training_step

    def killed_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        loss = step(self, *args, **kwargs)
        if self.state.global_step == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return loss

    Trainer.training_step = killed_step  # type: ignore[method-assign]
    sys.argv = ["train", "--out", out, *WORDS]
    {"sft": sft, "grpo": grpo}[kind].main()
    os._exit(0)


def main() -> None:
    kind, *steps = sys.argv[1:]
    assert train(kind, "models/whole", None) == 0
    shutil.copy("m.json", "whole.json")
    shutil.copy("h.parquet", "whole.parquet") if kind == "grpo" else None
    for step in steps:
        assert train(kind, "models/resumed", int(step)) == signal.SIGKILL
        assert not Path("models/resumed").exists()
    assert train(kind, "models/resumed", None) == 0
    print(resolve(Path("models/whole")).revision)
    print(resolve(Path("models/resumed")).revision)


if __name__ == "__main__":
    from trl import SFTTrainer  # noqa: F401  (once, before the forks)

    main()
