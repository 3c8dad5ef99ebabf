"""Whether a CSV has a line of names: what decides it, and what nothing decides."""

from itertools import count
from pathlib import Path

import polars as pl
import pytest

from pipeline.cli.foreign import find_column, read_frame
from pipeline.readers import Unreadable, raw_rows
from pipeline.rows import nested
from pipeline.text import fingerprint
from stages.rollouts.replay import Recording, read_recordings
from stages.sources._load import read_source
from stages.sources._source import Source

CAPITALS = "France,Paris\nItaly,Rome\nSpain,Madrid\n"
SHORT = {"France": "Italy", "Paris": "Rome"}
FORM = "Timestamp,What is your question? (in full)\n9:00,1+1?\n10:00,2+2?\n"
NUMBERS = count()


@pytest.fixture
def write(tmp_path):
    def write_file(text: str, ending: str = "csv") -> Path:
        # What is said of a file is said once.
        path: Path = tmp_path / f"{next(NUMBERS)}.{ending}"
        path.write_text(text, "utf-8")
        return path

    return write_file


@pytest.mark.parametrize(
    ("text", "named", "first"),
    [
        (CAPITALS, ["0"], {"0": "France", "1": "Paris"}),
        (CAPITALS, ["1", "id"], {"0": "France", "1": "Paris"}),
        (CAPITALS, ["Paris"], SHORT),
        (FORM, [FORM[10:42]], {"Timestamp": "9:00", FORM[10:42]: "1+1?"}),
        # A zero in a row is no name that somebody asks for.
        ("0+0?,0\n1+1?,2\n", ["0", "1"], {"0": "0+0?", "1": "0"}),
        # Two names that everybody uses decide it whoever asks.
        ("problem,answer\n1+1?,2\n", ["0"], {"problem": "1+1?", "answer": "2"}),
    ],
)
def test_the_columns_that_are_asked_for_decide_it(write, capsys, text, named, first):
    path = write(text)
    assert next(raw_rows(path, named)) == first
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("text", "first", "said"),
    [
        (CAPITALS, SHORT, "'France, Paris', is read as the names of the columns"),
        (FORM, {"0": "Timestamp", "1": FORM[10:42]}, "is read as a row"),
    ],
)
def test_what_nothing_decides_is_said_once_for_a_file(write, capsys, text, first, said):
    path = write(text)
    for _ in range(2):
        assert next(raw_rows(path)) == first
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path.name}: the first line, ")
    assert said in line


def test_known_names_beside_odd_ones_are_names(write, capsys):
    names = ["problem", "answer", "2023", "Is it right?", "*"]
    path = write(",".join(names) + "\n1+1?,2,a,b,c\n")
    assert list(next(raw_rows(path))) == names
    assert capsys.readouterr().err == ""


def test_a_source_a_filter_and_a_recording_ask_for_their_columns(write):
    path = write(CAPITALS)
    source = Source(
        adapter="generic", path=str(path), columns={"problem": "0", "answer": "1"}
    )
    kept = read_source("s", source).kept
    problems = pl.DataFrame({"problem": ["France"], "id": ["a"]})
    problems = problems.with_columns(key=fingerprint(pl.col("problem")))
    recording = Recording(path=str(path), problem="0", completions=("1",))
    (recorded,) = read_recordings((recording,), problems)

    assert kept["problem"].to_list() == ["France", "Italy", "Spain"]
    assert read_frame(path, ["0"])[0]["1"].to_list() == ["Paris", "Rome", "Madrid"]
    assert recorded["completion"].to_list() == ["Paris"]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_r_writes_no_name_above_the_numbers_of_its_rows(write, ending):
    text = '"q","a"\n"1","1+1?","2"\n"2","2+2?","4"\n'
    path = write(text.replace(",", "\t") if ending == "tsv" else text, ending)
    rows = list(raw_rows(path))
    assert rows[1] == {"": "2", "q": "2+2?", "a": "4"}


def test_a_column_too_many_is_no_number_of_a_row(write):
    assert all(
        isinstance(row, Unreadable)
        for row in raw_rows(write("problem,answer\nWhat is 1, 2?,3\nAnd 2, 3?,4\n"))
    )


def test_a_comma_in_a_name_is_no_delimiter(write):
    path = write("Frage, kurz;Antwort\n1+1?;2\n2+2?;4\n")
    assert next(raw_rows(path)) == {"Frage, kurz": "1+1?", "Antwort": "2"}


def test_spaces_behind_a_quote_are_no_text(write):
    path = write('q,a\n"1, 2?" ,"3" \n"say ""4"" , now" , 5\n')
    assert list(raw_rows(path)) == [
        {"q": "1, 2?", "a": "3"},
        {"q": 'say "4" , now', "a": " 5"},
    ]


def test_comments_above_a_table_without_names_are_told(write):
    path = write("#separator:tab\n#html:true\n1+1?\t2\n2+2?\t4\n", "tsv")
    *told, one, two = raw_rows(path)
    assert [row.excerpt for row in told] == ["#separator:tab", "#html:true"]
    assert [one, two] == [{"0": "1+1?", "1": "2"}, {"0": "2+2?", "1": "4"}]


@pytest.mark.parametrize(
    ("text", "ending"), [("q,a\n1,2\n", "csv"), ('{"q": "1", "a": "2"}\n', "jsonl")]
)
def test_a_mark_may_stand_twice(write, text, ending):
    path = write("\ufeff\ufeff" + text, ending)
    assert list(raw_rows(path)) == [{"q": "1", "a": "2"}]


@pytest.mark.parametrize("wanted", ["r\u00e9ponse", "re\u0301ponse"])
@pytest.mark.parametrize("name", ["r\u00e9ponse", "re\u0301ponse"])
def test_a_name_is_found_however_its_accents_are_written(name, wanted):
    table = pl.DataFrame({"x": [1], name: ["2"]})
    column = find_column(table, wanted)
    assert column is not None
    assert column.to_list() == ["2"]
    assert nested({"in": {name: 2}}, f"in.{wanted}") == 2
    assert nested({name: 2}, f"{wanted}s", absent="none") == "none"
