"""A worker of `each()` that lives on a Ray cluster instead of in a process here."""

import logging
import os
from collections.abc import Callable
from typing import Any

import ray


class RayWorker:
    """One Ray actor that does one batch at a time."""

    def __init__(
        self,
        make_work: Callable[[], Any],
        started: Callable[[], Any],
        lost: Callable[[str], Any],
        raised: Callable[[BaseException], Any],
    ) -> None:
        _connect()
        self.actor = _Actor.remote(make_work)  # type: ignore[attr-defined]
        self.lost, self.raised = lost, raised
        self.pending = [self.actor.call.remote(started)]
        self.overdue = self.is_started = False

    def send(self, batch: Any) -> None:
        self.pending.append(self.actor.do.remote(batch))

    def result(self) -> Any:
        if self.overdue:
            return self.lost("a worker ran past its time limit")
        try:
            result = ray.get(self.pending.pop(0))
            self.is_started = True
            return result
        except ray.exceptions.RayActorError as error:
            return self.lost(f"a Ray worker died: {error}")
        except ray.exceptions.RayTaskError as error:
            cause = error.as_instanceof_cause()  # type: ignore[no-untyped-call]
            return self.raised(cause)

    def kill(self) -> None:
        ray.kill(self.actor)

    @staticmethod
    def wait(workers: list["RayWorker"], timeout: float | None) -> list["RayWorker"]:
        answers = [worker.pending[0] for worker in workers]
        ready, _ = ray.wait(answers, num_returns=1, timeout=timeout)
        return [worker for worker in workers if worker.pending[0] in ready]


@ray.remote
class _Actor:
    def __init__(self, make_work: Callable[[], Any]) -> None:
        self.work = make_work()

    def call(self, function: Callable[[], Any]) -> Any:
        return function()

    def do(self, batch: Any) -> Any:
        return self.work(batch)


def _connect() -> None:
    """Join the cluster of RAY_ADDRESS, or start one on this machine."""
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # The workers import our modules from where we stand, as processes would.
    ray.init(
        log_to_driver=False,
        include_dashboard=False,
        logging_level=logging.ERROR,
        runtime_env={"env_vars": {"PYTHONPATH": os.getcwd()}},
    )
