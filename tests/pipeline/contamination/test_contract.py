import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.contamination.contract import load_method, method_names, read_method
from pipeline.contamination.hits import HITS, Found
from pipeline.contamination.methods import ngram
from stages.decontaminate import Params
from tests.support.rows import benchmark


def test_a_name_stands_for_a_method_with_its_defaults():
    assert read_method("ngram") == ngram.Params()
    assert read_method({"method": "ngram", "n": 8}) == ngram.Params(n=8)
    assert ngram.Params().name == "ngram"


def test_an_unknown_method_is_answered_with_those_there_are():
    with pytest.raises(ValidationError, match="'n-gram': try coverage, embedding"):
        Params(methods=["n-gram"])


def test_an_unknown_setting_is_answered_with_those_of_the_method():
    with pytest.raises(ValidationError, match="no setting 'q', but n, unit, short"):
        Params(methods=[{"method": "ngram", "q": 8}])
    with pytest.raises(ValidationError, match="no setting 'n', but nothing"):
        Params(methods=[{"method": "normalized", "n": 8}])


def test_a_mistake_in_a_method_is_named_with_its_place():
    with pytest.raises(ValidationError) as error:
        Params(methods=["coverage", {"method": "ngram", "n": 0}])

    (mistake,) = error.value.errors()
    assert mistake["loc"] == ("methods", 1, "n")


@pytest.mark.parametrize("name", method_names())
def test_a_method_finds_nothing_where_there_are_no_texts(name: str):
    method = load_method(name)
    texts = pl.DataFrame(schema={"text": pl.String, "answer": pl.String})
    hits = method.find_hits(texts, benchmark(), method.Params())

    hits = hits.hits if isinstance(hits, Found) else hits

    assert hits.schema == HITS
    assert hits.height == 0
