"""A worker of `Pool` that lives on a Ray cluster instead of in a process here."""

import logging
import os
from collections.abc import Callable
from typing import Any

import ray

Work = Callable[[list[Any]], list[Any]]


class RayWorker:
    """One Ray actor that does one batch at a time; `lost` is raised where it ends."""

    def __init__(self, work: Work, start_s: float, lost: Any) -> None:
        self.actor = _Actor.remote(work)  # type: ignore[attr-defined]
        self.start_s, self.lost, self.is_started = start_s, lost, False

    def do(self, batch: list[Any], limit_s: float) -> Any:
        if not self.is_started:
            self._get(self.actor.__ray_ready__.remote(), self.start_s)
            self.is_started = True
        return self._get(self.actor.do.remote(batch), limit_s)

    def kill(self) -> None:
        ray.kill(self.actor)

    def _get(self, answer: Any, limit_s: float) -> Any:
        try:
            return ray.get(answer, timeout=limit_s)
        except ray.exceptions.GetTimeoutError as error:
            raise self.lost(f"a Ray worker is late: {error}", is_late=True) from None
        except ray.exceptions.RayActorError:
            raise self.lost("a Ray worker died") from None
        except ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from None  # type: ignore[no-untyped-call]


@ray.remote
class _Actor:
    def __init__(self, work: Work) -> None:
        self.work = work

    def do(self, batch: list[Any]) -> list[Any]:
        return self.work(batch)


def connect() -> None:
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
