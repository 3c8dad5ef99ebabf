"""A model folder of the pipeline, and what it stands for.

Every folder under models/ holds `resolved.json`: who the model is and from
where it loads. A model from the Hub is a pointer at a pinned revision, and one
from a folder at the digest of its files; a model that was trained here has its
files beside it. A stage that is off leaves a model of the kind `off`.
"""

import json
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from pipeline.errors import UserError

RESOLVED = "resolved.json"


@dataclass(frozen=True)
class Model:
    """`load` and `revision` are what `from_pretrained` and vLLM take."""

    name: str
    revision: str
    load: str
    kind: str

    @property
    def title(self) -> str:
        return f"{self.name}@{self.revision[:12]}"

    @property
    def is_off(self) -> bool:
        return self.kind == "off"


def resolve(folder: Path) -> Model:
    """Read who the model in `folder` is; UserError where it is no model folder."""
    file = folder / RESOLVED
    if not file.exists():
        raise UserError(f"{folder} is not a model folder: it has no {RESOLVED}")
    model = Model(**json.loads(file.read_text()))
    return replace(model, load=str(folder)) if model.kind == "local" else model


def describe(
    folder: Path, *, kind: str, name: str = "", revision: str = "", load: str = ""
) -> None:
    """Write `resolved.json`; a local model's revision is a digest of its files.

    `kind`: local (files in `folder`), hub (`load` is a Hub id), path (`load` is a
    folder elsewhere), off.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "local":
        revision = digest(folder)
    resolved = {"kind": kind, "name": name, "revision": revision, "load": load}
    (folder / RESOLVED).write_text(json.dumps(resolved, indent=2) + "\n")


def digest(folder: Path) -> str:
    """The digest of the files that decide what the model in `folder` says."""
    digest = blake2b(digest_size=16)
    for pattern in ("*.safetensors", "tokenizer.json", "chat_template.jinja"):
        for file in sorted(folder.glob(pattern)):
            digest.update(file.read_bytes())
    return digest.hexdigest()
