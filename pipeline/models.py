"""A model folder of the pipeline, and what it stands for.

Every folder under models/ holds `resolved.json`: who the model is and from
where it loads. A model from the Hub is a pointer at a pinned revision, and one
from a folder at the digest of its files; a model that was trained here has its
files beside it. A stage that is off leaves a model of the kind `off`. A model may
also be named where it is used, without a folder (`Reference`).

Samples say whose they are in the columns `model` and `pass`. Recipes may call them by
either, and a model without its revision.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError, one_line
from pipeline.files import update_by_file, write_text
from pipeline.settings import Settings

RESOLVED = "resolved.json"
# Weights, old and new, and what makes tokens of texts; in the order of the digest.
WEIGHTS = (
    "*.safetensors", "tokenizer.json", "chat_template.jinja", "pytorch_model*.bin",
)  # fmt: skip
COMMIT = "^([0-9a-f]{40})?$"
REVISION = "@[0-9a-f]{1,12}$"  # of a title


@dataclass(frozen=True)
class Model:
    """`load` and `revision` are what `from_pretrained` and vLLM take."""

    name: str
    revision: str
    load: str
    kind: str

    @property
    def title(self) -> str:
        revision = self.revision[:12]
        return f"{self.name}@{revision}" if revision else self.name

    @property
    def is_off(self) -> bool:
        return self.kind == "off"


class Reference(Settings):
    """A model by the name of a Hub repository, or the folder that holds it (`path`).

    A text alone is the name. A model whose weights are loaded here needs `revision`,
    a full commit hash; one that answers behind a server may do without.
    """

    repo: str = ""
    revision: str | None = Field(default=None, pattern=COMMIT)
    path: str = ""

    @model_validator(mode="before")
    @classmethod
    def _read_name(cls, values: Any) -> Any:
        return {"repo": values} if isinstance(values, str) else values

    @model_validator(mode="after")
    def _names_one(self) -> "Reference":
        if bool(self.repo) == bool(self.path):
            raise ValueError("a model is named by `repo` or by `path`")
        return self

    def find(self, *, is_served: bool, setting: str) -> Model:
        """The model; UserError where it is to be loaded here and is not pinned."""
        if self.path:
            return at_path(Path(self.path), setting)
        if not (self.revision or is_served):
            raise UserError(
                f"{setting}: {self.repo} is at no commit",
                hint="write {repo: …, revision: …}, with a full commit hash; "
                "`goldsieve recipe pin NAME` asks the Hub for it",
            )
        return on_hub(self.repo, self.revision or "")


def on_hub(repo: str, revision: str) -> Model:
    """The model of a Hub repository at a commit."""
    return Model(name=repo, revision=revision, load=repo, kind="hub")


def at_path(folder: Path, setting: str) -> Model:
    """The model in a folder that the pipeline did not write.

    UserError that names the `setting` where there is none.
    """
    if not (folder / "config.json").exists():
        raise UserError(f"{setting}: {folder} holds no model (no config.json)")
    return Model(folder.name, digest(folder), load=str(folder), kind="path")


def resolve(folder: Path) -> Model:
    """Read who the model in `folder` is; UserError where it is no model folder."""
    file = folder / RESOLVED
    if not file.exists():
        raise UserError(f"{folder} is not a model folder: it has no {RESOLVED}")
    try:
        model = Model(**json.loads(file.read_text("utf-8")))
    except (TypeError, ValueError):  # no JSON, or other fields than ours
        text = f"{file} does not say who the model is"
        raise UserError(text, hint=f"`dvc repro model` writes {folder}") from None
    return replace(model, load=str(folder)) if model.kind == "local" else model


@contextmanager
def loading(model: Model) -> Iterator[None]:
    """UserError where the block cannot load the model: its files are not right."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise UserError(
            f"model {model.title} cannot be loaded: {one_line(error)}",
            hint=f"{model.load} should be a folder, or a repository of the Hub, in the "
            "layout of transformers; offline, one that was loaded before",
        ) from error


def describe(
    folder: Path, *, kind: str, name: str = "", revision: str = "", load: str = ""
) -> None:
    """Write `resolved.json`; a local model's revision is the digest of its files.

    `kind`: local (files in `folder`), hub (`load` is a Hub id), path (`load` is a
    folder elsewhere), off.
    """
    if kind == "local":
        revision = revision or digest(folder)
    resolved = {"kind": kind, "name": name, "revision": revision, "load": load}
    write_text(folder / RESOLVED, json.dumps(resolved, indent=2) + "\n")


def digest(folder: Path) -> str:
    """The digest of the files that decide what the model in `folder` says."""
    digest = blake2b(digest_size=16)
    for pattern in WEIGHTS:
        for file in sorted(folder.glob(pattern)):
            update_by_file(digest, file)
    return digest.hexdigest()


def is_by(names: Sequence[str]) -> pl.Expr:
    """Whether a sample is by one of these models or passes; any is where none is named.

    Reads the columns `model` and `pass`.
    """
    model = pl.col("model").cast(pl.String)
    called = pl.col("pass").cast(pl.String), model, model.str.replace(REVISION, "")
    by = pl.any_horizontal(name.is_in(list(names)) for name in called)
    return by.fill_null(value=False) if names else pl.lit(value=True)
