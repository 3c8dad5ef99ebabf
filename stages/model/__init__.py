"""The model that is sampled and trained on: who it is, pinned.

A Hub model is a pointer at a revision; nothing is copied. A local folder is a
pointer too. The offline default trains a small decoder of its own from scratch,
on a corpus as mixed in quality as the web is, so that its pass rates are honest
and there is something left for SFT and RL to gain.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.models import describe, digest, resolve
from pipeline.settings import Settings


class Tiny(Settings):
    """The decoder trained here: 130k parameters, in about 75 seconds of one core."""

    rows: int = Field(default=60_000, ge=1)
    steps: int = Field(default=3400, ge=1)
    batch_rows: int = Field(default=5, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0)
    hidden: int = 64
    layers: int = 3
    heads: int = 2
    feed_forward: int = 128
    context: int = 1024
    seed: int = 0


class Params(Settings):
    """Where the model comes from; a Hub model needs the commit it is pinned at."""

    kind: Literal["tiny", "hub", "local"]
    name: str = "goldsieve-tiny"
    repo: str = ""
    revision: str = Field(default="", pattern="^([0-9a-f]{40})?$")
    path: str = ""
    tiny: Tiny = Tiny()

    @model_validator(mode="after")
    def _complete(self) -> "Params":
        if self.kind == "hub" and not (self.repo and self.revision):
            raise ValueError(
                "kind: hub needs `repo` and `revision`, a full commit hash"
            )
        if self.kind == "local" and not self.path:
            raise ValueError("kind: local needs `path`")
        return self


def build(params: Params | None, out: Path) -> dict[str, object]:
    """Write the model folder `out`; say what it is."""
    if params is None:
        describe(out, kind="off")
        return {"kind": "off"}
    if params.kind == "tiny":
        return _trained(params, out)
    if params.kind == "hub":
        name, kind, revision, load = params.repo, "hub", params.revision, params.repo
    else:
        name, kind, load = Path(params.path).name, "path", params.path
        if not (Path(load) / "config.json").exists():
            raise UserError(f"model.path: {load} holds no model (no config.json)")
        revision = digest(Path(load))
    describe(out, kind=kind, name=name, revision=revision, load=load)
    return {"kind": params.kind, "name": name, "revision": revision}


def _trained(params: Params, out: Path) -> dict[str, object]:
    from stages.model import tiny

    metrics = tiny.train(params.tiny, out)
    describe(out, kind="local", name=params.name)
    return {
        "kind": "tiny",
        "name": params.name,
        "revision": resolve(out).revision,
        **metrics,
    }
