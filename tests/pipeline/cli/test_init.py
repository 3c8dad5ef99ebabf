"""`goldsieve init`: what is guessed of a file, and the project that is written."""

import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline.cli import init
from pipeline.cli.guess import Guess, guess
from pipeline.cli.guess_adapter import read_as
from pipeline.errors import UserError
from pipeline.grading.guarded import verify
from pipeline.project import TEMPLATE, find_file, project_files
from stages import collect, rollouts

ASKED = "How many days do {} weeks have, if none of them is short?"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def guessed(*rows: dict[str, Any], **renames: str) -> Guess:
    Path("a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return guess(Path("a.jsonl"), renames)


def test_names_say_what_a_column_is():
    row = {"id": "7", "prompt": ASKED.format(2), "gold_answer": "14"}
    found = guessed(row)

    assert found.renames == {"problem": "prompt", "answer": "gold_answer"}
    assert (found.verifier, found.domain) == ("math", "math")
    assert found.evidence["verifier"] == "it reads 100% of 1 answers, such as '14'"


def test_without_a_name_that_says_it_the_longest_text_is_the_problem():
    found = guessed({"code": "x7", "aufgabe": ASKED.format(3), "target": 21})

    assert found.renames == {"problem": "aufgabe", "answer": "target"}
    assert found.evidence["problem"].startswith("the longest text")


def test_what_lies_inside_of_objects_and_chats_is_found():
    chat = [{"role": "user", "content": ASKED.format(2)}]
    found = guessed({"messages": chat, "reward_model": {"ground_truth": "14"}})

    assert found.renames["answer"] == "reward_model.ground_truth"
    assert found.renames["problem"] == "messages"


def test_letters_are_a_choice_and_words_are_compared_as_they_are():
    letters = [{"question": ASKED.format(n), "answer": "ABCD"[n % 4]} for n in range(8)]
    words = [{"question": f"Which river is {n}?", "answer": "Rhine"} for n in range(8)]

    assert guessed(*letters).verifier == "choice"
    assert (guessed(*words).verifier, guessed(*words).domain) == ("exact", "general")


def test_a_broken_answer_among_numbers_leaves_them_to_the_verifier_of_maths():
    answers = [str(number) for number in range(11, 30)] + ["a proof: see $$"]
    rows = [{"question": ASKED.format(a), "answer": a} for a in answers]

    assert guessed(*rows).verifier == "math"


def test_a_published_schema_is_read_by_its_adapter():
    row = {"question": ASKED.format(2), "answer": f"{'2 times 7. ' * 12}\n#### 14"}
    found = guessed(row)

    assert (found.adapter, found.renames, found.verifier) == ("gsm8k", {}, "math")


MANY = f"{'First we add, then we add again. ' * 5}"


@pytest.mark.parametrize(
    ("row", "adapter", "verifier"),
    [
        ({"question": ASKED, "choices": ["7", "14"], "answer": 1}, "multiple_choice",
         "choice"),
        ({"question": ASKED, "answerKey": "B",
          "choices": {"text": ["7", "14"], "label": ["A", "B"]}}, "multiple_choice",
         "choice"),
        ({"question": ASKED, "A": "7", "B": "14", "answer": "B"}, "multiple_choice",
         "choice"),
        ({"task_id": "t/0", "prompt": "def f(x):", "entry_point": "f",
          "canonical_solution": "return x", "test": "def check(candidate): assert "
          "candidate(1) == 1"}, "humaneval", "code"),
        ({"spec": ASKED, "unit_tests": ["assert f(1) == 7"]}, "code", "code"),
        ({"data_source": "countdown", "target": 5, "nums": [2, 3],
          "prompt": [{"role": "user", "content": ASKED}]}, "verl", "puzzle"),
    ],
)  # fmt: skip
def test_tests_and_options_are_read_by_the_schema_that_uses_most_columns(
    row: dict[str, Any], adapter: str, verifier: str
):
    found = guessed(row)

    assert (found.adapter, found.verifier) == (adapter, verifier)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        (MANY + "\n#### 14", "####"),
        (MANY + "So it is \\boxed{\\frac{28}{2}}.", "\\boxed"),
        (MANY + "\nThe answer is: 14", "The answer is"),
        (MANY + "\nA: 14", "Answer:"),
    ],
)
@pytest.mark.parametrize("name", ["output", "response"])
def test_the_answer_of_a_worked_solution_stands_behind_its_mark(
    text: str, mark: str, name: str
):
    sections = written({"query": ASKED.format(2), name: text})
    shown = yaml.safe_load(Path("set/recipes/a.yaml").read_text())["collect"]["a"]
    read = read_as("generic", [{"query": ASKED, name: text}], columns=shown["columns"],
                   pattern=shown["pattern"])  # fmt: skip

    assert shown["columns"] == {"problem": "query", "answer": name}
    assert (read.share, sections["rollouts"]["engine"]) == (1.0, "transformers")
    assert mark in Path("set/recipes/a.yaml").read_text()


def test_words_of_a_name_are_found_and_names_inside_of_objects():
    deep = {"row": {"item": {"Question": ASKED, "correctAnswer": "14"}}}
    spaced = {"The question": ASKED, "Answer # 1": "14", "answer id": 3}

    assert guessed(deep).renames == {
        "problem": "row.item.Question", "answer": "row.item.correctAnswer"
    }  # fmt: skip
    assert guessed(spaced).renames["answer"] == "Answer # 1"


def test_the_only_short_column_is_the_answer_where_no_name_says_it():
    rows = [{"nr": n, "aufgabe": ASKED.format(n), "loesung": 7 * n} for n in range(4)]

    assert guessed(*rows).renames == {"problem": "aufgabe", "answer": "loesung"}


def test_several_words_a_row_are_no_answer_and_several_numbers_are_a_set():
    words = guessed({"question": ASKED, "answer": [True, False]})
    numbers = guessed({"question": ASKED, "answer": [2, 3]})

    assert ("answer" in words.renames, words.verifier) == (False, None)
    assert "--column answer=NAME.0" in words.evidence["verifier"]
    assert numbers.verifier == "math"
    assert "golds: any" in numbers.evidence["verifier"]


def test_texts_that_no_verifier_reads_are_not_judged():
    found = guessed({"question": "Why is the sky blue?", "answer": MANY})

    assert found.verifier is None
    assert found.evidence["verifier"].startswith("no verifier reads such answers")


def test_problems_that_repeat_are_told():
    rows = [{"task": "Add.", "numbers": f"{n}, 3", "output": n} for n in range(4)]

    assert "1 of 4 are distinct" in guessed(*rows).evidence["problem"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"problem": "", "answer": "3"}, r"no column holds the problems"),
        ({"conversations": [{"from": "human", "value": "a"},
                            {"from": "human", "value": "b"}]}, "no row can be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_at_all_makes_no_project(row: dict[str, Any], message: str):
    with pytest.raises(UserError, match=message):
        written(row, row)

    assert not Path("set").exists()


def test_files_of_one_name_are_sources_of_their_own():
    for folder in ("x", "y"):
        Path(folder).mkdir()
        row = {"question": ASKED, "answer": 14, "responses": ["14"]}
        Path(folder, "2024.train.jsonl").write_text(json.dumps(row))
    init.run(Path("set"), sorted(Path().glob("?/*.jsonl")), [])

    sections = yaml.safe_load(Path("set/params.yaml").read_text())
    assert sections["pool"]["order"] == ["set_2024_train", "set_2024_train_2"]


def test_what_the_user_says_is_not_guessed():
    rows = {"question": "a short one", "body": ASKED.format(2), "answer": "14"}

    assert guessed(rows, problem="body").renames["problem"] == "body"
    with pytest.raises(UserError, match=r"has no column 'bod'; it has question, body"):
        guessed(rows, problem="bod")


def test_a_file_without_texts_is_told_with_its_columns():
    with pytest.raises(
        UserError, match=r"no column holds the problems; it has n \(num"
    ):
        guessed({"n": 1})


def written(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    Path("a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    init.run(Path("set"), [Path("a.jsonl")], [], **more)
    sections: dict[str, Any] = yaml.safe_load(Path("set/params.yaml").read_text())
    return sections


def test_recorded_completions_are_replayed_and_need_no_model():
    row = {"question": ASKED.format(2), "answer": "14", "responses": ["\\boxed{14}"]}
    sections = written(row)

    assert sections["rollouts"]["replay"] == [
        {"path": "../a.jsonl", "problem": "question", "completions": ["responses"]}
    ]
    assert sections["model"] is False
    assert Path("set/.dvc/config").exists()
    entries = yaml.safe_load(Path("set/dvc.yaml").read_text())["stages"]
    assert entries["pool"]["deps"] == ["data/collect", "goldsieve.txt"]


USER = {"role": "user", "content": ASKED}
SAID = {"role": "assistant", "content": "\\boxed{14}"}
SERVED = {"model": "m", "choices": [{"message": SAID, "finish_reason": "stop"}] * 4}
PLAIN = {"question": ASKED, "answer": "14"}
MARKED = {"question": ASKED, "answer": f"{MANY}\n#### 14"}
ALPACA = {"instruction": "Give a number.", "input": ASKED, "answer": "14"}


@pytest.mark.parametrize(
    ("row", "columns", "model", "count"),
    [
        (PLAIN | {"response": [SAID]}, ["response"], "response", 1),
        (PLAIN | {"response": [USER, SAID]}, ["response"], "response", 1),
        (PLAIN | {"completion": {"text": "14", "model": "m"}}, ["completion"], "m", 1),
        (PLAIN | {"samples": [{"text": "14", "model": "m"}] * 4}, ["samples"], "m", 4),
        (PLAIN | {"completions": [[SAID]] * 4}, ["completions"], "completions", 4),
        (PLAIN | {"response": SERVED}, ["response"], "m", 4),
        (PLAIN | {"choices": SERVED["choices"]}, ["choices"], "choices", 4),
        (PLAIN | {"response": json.dumps(SERVED)}, ["response"], "m", 4),
        (PLAIN | {"response_1": "14", "response_2": "15"},
         ["response_1", "response_2"], "response_1", 2),
        (PLAIN | {"output": "\\boxed{14}"}, ["output"], "output", 1),
        ({"messages": [USER, SAID], "answer": 14}, ["messages"], "messages", 1),
        ({"prompt": [USER], "completion": [SAID], "solution": "14"}, ["completion"],
         "completion", 1),
        (ALPACA | {"output": "\\boxed{14}"}, ["output"], "output", 1),
        ({"passage": "Long ago.", "responses": ["14"] * 4} | PLAIN, ["responses"],
         "responses", 4),
        (MARKED | {"responses": ["14"] * 4}, ["responses"], "responses", 4),
        (MARKED | {"responses": [SAID] * 4}, ["responses"], "responses", 4),
    ],
)  # fmt: skip
def test_completions_of_any_shape_are_found_shown_and_replayed(
    row: dict[str, Any], columns: list[str], model: str, count: int,
    capsys: pytest.CaptureFixture[str],
):  # fmt: skip
    texts = [json.dumps(row).replace("{}", str(number)) for number in (2, 3, 4)]
    sections = written(*map(json.loads, texts))
    shown = capsys.readouterr().out
    (recording,) = sections["rollouts"]["replay"]
    with chdir("set"):
        rows = (
            collect.make(collect.Params(**sections["collect"]["a"]), "a").outcome().kept
        )
        params = rollouts.Params(**sections["rollouts"])
        samples = pl.concat(rollouts.make(params, rows, Path("no model")))

    assert recording["completions"] == columns
    assert "row 0 completions: " in shown
    assert rows.height == 3
    assert set(rows["answer"]) == {"14"}
    assert samples.height == 3 * count
    assert samples["model"][0] == model
    few = sections["pass_rate_window"]
    assert few == ({"lo": 0.1, "hi": 0.9} if count >= 4 else {})


def test_what_belongs_to_a_problem_is_joined_and_both_are_shown():
    rows = [ALPACA | {"input": ASKED.format(n)} for n in (2, 3)] + [
        ALPACA | {"input": ""}
    ]
    sections = written(*rows)
    with chdir("set"):
        kept = (
            collect.make(collect.Params(**sections["collect"]["a"]), "a").outcome().kept
        )

    assert kept["problem"].to_list() == [
        f"Give a number.\n\n{ASKED.format(2)}",
        f"Give a number.\n\n{ASKED.format(3)}",
        "Give a number.",
    ]
    body = {"Body": "Two weeks pass.", "Question": "How many days?", "Answer": 14}
    assert guessed(body).renames["problem"] == ("Body", "Question")
    assert "'Body', 100% full, belongs to it" in guessed(body).evidence["problem"]
    assert guessed(body, problem="Question+Body").renames["problem"] == (
        "Question", "Body"
    )  # fmt: skip


def test_options_of_a_question_are_no_completions():
    row = {"question": ASKED, "choices": ["7", "14"], "answer": "B"}

    assert guessed(row).completions == ()


def test_problems_that_an_adapter_rewrites_are_read_by_it_again():
    tests = {"unit_tests": ["assert f(1) == 7"], "starter_code": "def f(x):"}
    code = guessed({"spec": ASKED, **tests, "responses": ["def f(x): return 7"]})
    options = {"question": ASKED, "choices": ["7", "14"], "answer": 1}
    choice = guessed(options | {"responses": ["B"]})

    assert (code.adapter, code.completions) == ("code", ("responses",))
    assert (choice.adapter, choice.completions) == ("multiple_choice", ("responses",))


CITIES = ["Rome", "Oslo", "Bern"]
LETTERS = dict(zip("ABC", CITIES, strict=True))
ANSWERED = "It is by the sea, so the answer is (B)."
OPTIONS: list[dict[str, Any]] = [
    {"choices": CITIES},
    {"options": LETTERS},
    {"options": json.dumps(LETTERS)},
    {"options": ["A. Rome", "B. Oslo", "C. Bern"]},
    {"choices": {"text": CITIES, "label": [*"ABC"]}},
    LETTERS,
    {name.lower(): city for name, city in LETTERS.items()},
    {f"choice_{name}": city for name, city in LETTERS.items()},
    {f"Option {name}": city for name, city in LETTERS.items()},
    {f"option{number}": city for number, city in enumerate(CITIES, 1)},
    {"options": repr(CITIES)},
    {"options": "A) Rome\nB) Oslo\nC) Bern"},
    {"question": "Which? A) Rome B) Oslo C) Bern"},
]
INSIDE = OPTIONS[-1]
KEYS = [{"answer": "B"}, {"answer": 1}, {"answerKey": "(b)"}, {"answer": "B. Oslo"},
        {"correct_option": "Oslo"}]  # fmt: skip
WRITTEN: list[dict[str, Any]] = [
    {"responses": [ANSWERED] * 4},
    {"response": ANSWERED, "pred": "B", "correct": True},
    {"completions": [[{"role": "assistant", "content": ANSWERED}]] * 4},
    {"response_1": ANSWERED, "response_2": ANSWERED},
    {"predictions": ["B", "B"]},
    {
        "messages": [
            {"role": "user", "content": "Which lies by the sea"},
            {"role": "assistant", "content": ANSWERED},
        ]
    },
]


@pytest.mark.parametrize(
    ("options", "key", "completions"),
    [
        *((each, KEYS[0], WRITTEN[0]) for each in OPTIONS),
        *((OPTIONS[0], each, WRITTEN[0]) for each in KEYS[1:]),
        *((INSIDE, each, WRITTEN[0]) for each in KEYS[1:]),
        (OPTIONS[0], KEYS[0], WRITTEN[-1]),
        *((OPTIONS[5], KEYS[0], each) for each in WRITTEN[1:]),
    ],
)
def test_multiple_choice_is_replayed_however_its_options_and_answers_stand(
    options: dict[str, Any], key: dict[str, Any], completions: dict[str, Any]
):
    rows = [{"question": f"Which lies by the sea, in year {n}?"} for n in range(3)]
    sections = written(*(row | options | key | completions for row in rows))
    with chdir("set"):
        kept = (
            collect.make(collect.Params(**sections["collect"]["a"]), "a").outcome().kept
        )
        params = rollouts.Params(**sections["rollouts"])
        samples = pl.concat(rollouts.make(params, kept, Path("no model")))
    verdicts = [
        verify("choice", answer, info, completion).correct
        for answer, info, completion in kept.join(samples, on="id")
        .select("answer", "verify_info", "completion")
        .rows()
    ]

    assert kept.height == 3
    assert verdicts == [True] * samples.height
    assert samples.height >= 3


@pytest.mark.parametrize("options", [OPTIONS[0], INSIDE])
def test_numbers_of_options_count_from_1_where_the_rows_show_it(
    options: dict[str, Any],
):
    rows = [
        {"question": f"Which is place {n}?"} | options | {"correct": n, "output": "B"}
        for n in (1, 2, 3)
    ]
    from_1 = written(*rows)["collect"]["a"]
    told = guessed(*rows).evidence["answer_number"]
    first = collect.make(collect.Params(**from_1 | {"path": "a.jsonl"}), "a").outcome()

    assert first.kept["answer"].to_list() == ["A", "B", "C"]
    assert told == "numbers 1 to 3, never 0, and in 1 rows that of the options: " \
        "counted from 1"  # fmt: skip


def test_numbers_of_options_that_no_row_decides_are_told():
    rows = [{"question": "Which?", "choices": CITIES, "answer": n} for n in (1, 2)]

    undecided, from_0 = guessed(*rows), guessed(*rows, rows[0] | {"answer": 0})

    assert undecided.renames == from_0.renames == {}
    assert (
        "`columns: {answer_number: answer}` counts from 1"
        in (undecided.evidence["adapter"])
    )
    assert "look" not in from_0.evidence["adapter"]


def test_numbers_that_are_options_are_no_places():
    choices = {"question": "How many?", "choices": [1, 2, 3]}
    found = guessed(*(choices | {"answer": n} for n in (1, 2, 3)))

    assert (found.adapter, found.renames) == ("multiple_choice", {})


def test_parts_of_a_question_are_no_options():
    asked = "Let x be 2. A) What is 3x? B) What is x + {}?"
    rows = [{"question": asked.format(n), "answer": n % 2} for n in range(4)]

    assert guessed(*rows).adapter == "generic"


@pytest.mark.parametrize(
    ("recorded", "completions"),
    [
        ({"small": {"solution": "A: 14"}, "large": {"solution": "A: 15"}},
         ("small.solution", "large.solution")),
        ({"tries": [{"solution": "A: 14", "is_correct": True}]}, ("tries",)),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "gold", [{"answer": f"{'2 times 7. ' * 12}\n#### 14"}, {"ground_truth": "A: 14"}]
)
def test_solutions_inside_of_objects_are_completions(
    recorded: dict[str, Any], completions: tuple[str, ...], gold: dict[str, Any]
):
    sections = written({"question": ASKED} | gold | recorded)
    with chdir("set"):
        source = collect.Params(**sections["collect"]["a"])
        kept = collect.make(source, "a").outcome().kept
        params = rollouts.Params(**sections["rollouts"])
        samples = pl.concat(rollouts.make(params, kept, Path("no model")))

    assert kept["answer"].to_list() == ["14"]
    assert sections["rollouts"]["replay"][0]["completions"] == [*completions]
    assert samples["completion"][0] == "A: 14"


def test_a_chat_about_something_else_is_no_completion():
    chat = [{"role": "user", "content": "Hello!"},
            {"role": "assistant", "content": "Hi."}]  # fmt: skip

    assert guessed({"question": ASKED, "answer": 14, "notes": chat}).completions == ()


def test_what_was_sampled_and_judged_is_no_answer_and_a_score_is_none():
    judged = {"solution": "2 weeks have\nA: 14", "is_correct": True}
    two = {"question": ASKED, "gold": "14", "small": judged, "large": judged}
    boxed = {"prompt": ASKED, "completion": f"{MANY} \\boxed{{14}}", "reward": 1.0}

    assert guessed(two).completions == ("small.solution", "large.solution")
    assert guessed(boxed, boxed).completions == ("completion",)
    assert guessed(boxed, boxed).verifier is None
    assert guessed(boxed).renames["answer"] == "completion"
    assert "answer" not in guessed({"prompt": ASKED, "score": -1.8}).renames


def test_splits_are_told_in_the_recipe():
    rows = [{"question": ASKED.format(n), "answer": "14"} for n in (2, 3)]
    Path("a.json").write_text(json.dumps({"train": rows, "test": rows}))
    init.run(Path("set"), [Path("a.json")], [])

    recipe = Path("set/recipes/a.yaml").read_text()
    assert "# split: train  # one of train, test; now all" in recipe


def test_without_completions_a_real_model_is_sampled():
    row = {"question": ASKED.format(2), "answer": "14"}
    commit = "1" * 40
    sections = written(row, model=f"org/model@{commit}")

    model = {"kind": "hub", "repo": "org/model", "revision": commit}
    assert sections["model"] == model
    assert sections["rollouts"]["samples"] == 8
    with pytest.raises(UserError, match="exists already"):
        written(row)


def test_a_model_is_asked_for_a_program_where_programs_are_judged():
    tests = {"inputs": ["1 2"], "outputs": ["3"]}
    recipe = written({"prompt": ASKED.format(2), "tests": json.dumps(tests)})

    assert "block of code" in recipe["prompt"]["suffix"]
    assert "boxed" not in recipe["prompt"]["suffix"]


def test_the_licence_of_the_files_is_that_of_their_rows():
    Path("a.jsonl").write_text(json.dumps({"problem": ASKED, "answer": 14}))
    init.run(Path("set"), [Path("a.jsonl")], [], license="CC-BY-4.0")
    source = yaml.safe_load(Path("set/params.yaml").read_text())["collect"]["a"]
    with chdir("set"):
        kept = collect.make(collect.Params(**source), "a").outcome().kept

    assert kept["license"].to_list() == ["CC-BY-4.0"]


def test_a_project_has_our_template_of_the_card_until_it_has_its_own():
    written({"problem": ASKED, "answer": 14})
    card = yaml.safe_load(Path("set/dvc.yaml").read_text())["stages"]["card"]
    with chdir("set"):
        ours = find_file(TEMPLATE)
        TEMPLATE.write_text("mine")
        own = find_file(TEMPLATE)

    assert TEMPLATE.as_posix() not in card["deps"]
    assert TEMPLATE.as_posix() in card["cmd"]
    assert ours == project_files() / TEMPLATE
    assert own == TEMPLATE
