"""The export as a taskset of Prime Intellect's `verifiers` (0.4): our verifier rewards.

vf-eval goldsieve-taskset --env.taskset.path data/export/verifiers.parquet …
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import verifiers.v1 as vf

from pipeline.grading.reward_file import judge
from pipeline.verifiers.contract import Verdict


class Data(vf.TaskData):
    answer: str | None
    info: str


class GoldsieveTask(vf.Task[Data]):
    @vf.reward
    async def correct(self, trace: vf.Trace) -> float:
        return float(bool((await self._verdict(trace)).correct))

    @vf.metric
    async def undecided(self, trace: vf.Trace) -> float:
        return float((await self._verdict(trace)).correct is None)

    async def _verdict(self, trace: vf.Trace) -> Verdict:
        """The verdict on the last reply; the second time it is a kept one."""
        reply, details = trace.last_reply or "", json.loads(self.data.info)
        return await asyncio.to_thread(judge, self.data.answer, reply, details)


class Config(vf.TasksetConfig):
    path: Path = Path("data/export/verifiers.parquet")


class GoldsieveTaskset(vf.Taskset[GoldsieveTask, Config]):
    def load(self) -> Iterator[GoldsieveTask]:
        for prompt, answer, info in pl.read_parquet(self.config.path).iter_rows():
            *system, user = (message["content"] for message in prompt)
            texts = {"system_prompt": "".join(system) or None, "prompt": user}
            data = Data(id=json.loads(info)["id"], answer=answer, info=info, **texts)
            yield GoldsieveTask(data, self.config.task)
