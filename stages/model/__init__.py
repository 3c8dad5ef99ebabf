"""The model that is sampled and trained on: who it is, pinned.

A Hub model is a pointer at a revision; nothing is copied. A local folder is a
pointer too. Two need no Hub: a real little chat model that comes as a Python package,
and the demo's, a small decoder trained here from scratch, on a corpus as mixed in
quality as the web is, so that its pass rates are honest and there is something left
for SFT and RL to gain.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pipeline.models import COMMIT, at_path, describe, on_hub, resolve
from pipeline.settings import Settings


class Tiny(Settings):
    """The decoder trained here: 130k parameters, in about 75 seconds of one core."""

    rows: int = Field(default=60_000, ge=1)
    steps: int = Field(default=3400, ge=1)
    batch_rows: int = Field(default=5, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0)
    seed: int = 0


class Params(Settings):
    """Where the model comes from; a Hub model needs the commit it is pinned at."""

    kind: Literal["tiny", "packaged", "hub", "local"]
    name: str = "goldsieve-tiny"
    repo: str = ""
    revision: str | None = Field(default=None, pattern=COMMIT)
    path: str = ""
    tiny: Tiny = Tiny()

    @model_validator(mode="after")
    def _complete(self) -> "Params":
        if self.kind == "hub" and not (self.repo and self.revision):
            raise ValueError(
                "kind: hub needs `repo` and `revision`, a full commit hash; `goldsieve "
                "recipe pin NAME` asks the Hub for it"
            )
        if self.kind == "local" and not self.path:
            raise ValueError("kind: local needs `path`")
        return self


def build(params: Params | None, out: Path) -> dict[str, object]:
    """Write the model folder `out`; say what it is."""
    if params is None:
        describe(out, kind="off")
        return {"kind": "off"}
    metrics: dict[str, object] = {}
    if params.kind == "tiny":
        from stages.model import tiny

        metrics = tiny.train(params.tiny, out)
        describe(out, kind="local", name=params.name)
    elif params.kind == "packaged":
        from pipeline import packaged

        packaged.write(out)
        describe(out, kind="local", name=packaged.NAME)
    elif params.kind == "hub":
        describe(out, **asdict(on_hub(params.repo, params.revision or "")))
    else:
        describe(out, **asdict(at_path(Path(params.path), "model.path")))
    model = resolve(out)
    who = {"kind": params.kind, "name": model.name, "revision": model.revision}
    return who | metrics
