"""What published recipes let models decide, each with its prompt of recipes/prompts."""

import json

import polars as pl
import pytest

from stages.ask.questions import FOLDER, Poll
from tests.support.questions import VALID, answers, put
from tests.support.rows import problems


def test_votes_of_two_models_are_counted_and_nine_of_thirty_two_keep_a_row(model):
    def vote(texts, body):  # the problem says how many votes of each model are yes
        first, second = map(int, texts["PROBLEM"].split())
        yes = first if body["model"] == "llama" else second
        return {"reason": "so it is", "valid": body["seed"] < yes}

    server = model(vote)
    rows = problems("16 0", "4 4", "5 4", "0 0")
    valid = {"prompt": "valid.md", "votes": 16, "temperature": 0.7}
    valid["models"] = ["llama", "qwen"]
    outcome = put(
        rows,
        server,
        questions={"valid": valid},
        where={"invalid": "ask.valid.valid_yes >= 9"},
    )

    assert outcome.kept["problem"].to_list() == ["16 0", "5 4"]
    assert outcome.metrics["dropped"] == {"invalid": 2}
    assert answers(outcome.kept, "valid") == [
        {
            "votes": 32, "unreadable": 0, "fault": None,
            "valid": valid, "valid_share": share, "valid_yes": yes,
        }
        for valid, share, yes in [(True, 0.5, 16), (False, 23 / 32, 9)]
    ]  # fmt: skip
    assert len(server.requests) == 4 * 32
    assert answers(outcome.dropped, "valid")[0]["valid_yes"] == 8


def test_solvability_is_consistent_status_consistent_answers_and_the_gold_one(model):
    replies = {
        "sure": ["8", "$8$", "8.0", "8", "8"],
        "wrong": ["9", "9", "9", "9", "9"],
        "torn": ["8", "7", "6", "8", "5"],
        "broken": ["", "", "", "8", ""],
    }

    def solve(texts, body):
        answer = replies[texts["PROBLEM"]][body["seed"]]
        status = "solved" if answer else "unsolvable"
        return {"work": "3+5", "status": status, "answer": answer}

    five = {"prompt": "solvable.md", "votes": 5, "temperature": 1}
    five["where"] = "domain = 'math'"
    outcome = put(
        problems(*replies, "code", answer=["8"] * 5, domain=["math"] * 4 + ["code"]),
        model(solve),
        questions={"solve": five},
        where={
            "unsolvable": "ask.solve is null or "
            "ask.solve.status = 'solved' and ask.solve.status_share = 1",
            "inconsistent": "ask.solve is null or ask.solve.answer_share >= 0.6",
            "other_answer": "ask.solve is null or ask.solve.answer_correct > 0",
        },
    )

    assert outcome.kept["problem"].to_list() == ["sure", "code"]
    assert dict(outcome.dropped.select("problem", "reason").iter_rows()) == {
        "wrong": "other_answer",
        "torn": "inconsistent",
        "broken": "unsolvable",
    }
    both = pl.concat([outcome.kept, outcome.dropped], how="diagonal")
    counts = [
        (a["answer"], a["answer_share"], a["answer_correct"])
        for a in answers(both.sort("id"), "solve")[:4]
    ]
    # $8$ and 8.0 are other spellings of the first answer, 8.
    assert counts == [("8", 1.0, 5), ("9", 1.0, 0), ("8", 0.4, 2), ("", 0.8, 1)]


def test_what_a_guess_hits_is_guessable(model):
    def guess(texts, body):  # one guess of eight hits the second problem
        is_hit = texts["PROBLEM"] == "Is 7 a prime?" and body["seed"] == 5
        return {"answer": "42" if is_hit else "41"}

    server = model(guess)
    outcome = put(
        problems("Is 6 a prime?", "Is 7 a prime?"),
        server,
        questions={"guess": {"prompt": "guess.md", "votes": 8, "temperature": 1}},
        where={"guessable": "ask.guess.answer_correct = 0"},
    )

    assert outcome.kept["problem"].to_list() == ["Is 6 a prime?"]
    assert outcome.dropped["reason"].to_list() == ["guessable"]
    assert len(server.requests) == 16


def test_ratings_have_a_mean_that_a_window_cuts(model):
    def rate(texts, body):
        numbers = {"easy": [1, 2, 1.5], "hard": [9, 8, 8.5], "off": [11, 0, "7"]}
        ratings = numbers.get(texts["PROBLEM"], [4, 6, 11])
        return {"reason": "so it is", "difficulty": ratings[body["seed"]]}

    outcome = put(
        problems("easy", "hard", "middle", "off"),
        model(rate),
        questions={"rate": {"prompt": "difficulty.md", "votes": 3, "temperature": 0.7}},
        where={
            "unrated": "ask.rate.votes > 0",
            "judged_too_easy": "ask.rate.difficulty_mean >= 5",
            "judged_too_hard": "ask.rate.difficulty_mean <= 8",
        },
    )

    assert dict(outcome.dropped.select("problem", "reason").iter_rows()) == {
        "easy": "judged_too_easy",
        "hard": "judged_too_hard",
        "off": "unrated",
    }
    (kept,) = answers(outcome.kept, "rate")
    # 4 and 6; 11 is off the scale.
    assert (kept["difficulty_mean"], kept["votes"], kept["unreadable"]) == (5.0, 2, 1)


def test_a_topic_is_one_of_the_choices(model):
    def choose(texts, body):
        return {"topic": "11 Number theory" if "prime" in texts["PROBLEM"] else "Sums"}

    server = model(choose)
    kept = put(
        problems("Is 7 a prime?", "1+1?"),
        server,
        questions={"t": {"prompt": "topic.md"}},
    ).kept

    assert [a["topic"] for a in answers(kept, "t")] == ["11 Number theory", None]
    schema = server.requests[0]["response_format"]["json_schema"]["schema"]
    assert len(schema["properties"]["topic"]["enum"]) == 63


def test_a_multiple_choice_question_becomes_an_open_one(model):
    def open_up(texts, body):
        if "which of" in texts["PROBLEM"]:
            return {"problem": "", "answer": ""}
        assert json.loads(texts["VERIFY_INFO"])["choices"] == ["3", "4"]
        return {"problem": "What is 2+2?", "answer": "4"}

    rows = problems(
        "What is 2+2? (A) 3 (B) 4",
        "Say which of these is even. (A) 3 (B) 4",
        "1+1?",
        answer=["B", "B", "2"],
        verifier=["choice", "choice", "math"],
        verify_info=['{"choices": ["3", "4"]}'] * 2 + ["{}"],
    )
    question = {"prompt": "open_question.md", "where": "verifier = 'choice'"}
    outcome = put(
        rows,
        model(open_up),
        questions={"open": question},
        where={"needs_its_choices": "verifier <> 'choice'"},
    )

    kept = outcome.kept
    columns = ["problem", "answer", "verifier", "verify_info"]
    assert kept.select(columns).rows() == [
        ("What is 2+2?", "4", "math", "{}"),
        ("1+1?", "2", "math", "{}"),
    ]
    assert kept.select(f"{name}_before" for name in columns).rows() == [
        rows.select(columns).row(0),
        (None, None, None, None),
    ]
    assert kept["id"].to_list() == ["test/00000", "test/00002"]
    assert kept["key"].to_list() == problems("What is 2+2?", "1+1?")["key"].to_list()
    assert outcome.dropped["reason"].to_list() == ["needs_its_choices"]
    assert json.loads(outcome.dropped["ask"][0])["open"]["problem"] == ""


def test_an_answer_becomes_an_integer(model):
    def rewrite(texts, body):
        assert texts["ANSWER"] == "\\frac{3}{4}"
        text = f"{texts['PROBLEM']} As $m/n$ in lowest terms, give $m+n$."
        return {"problem": text, "answer": 7}

    rows = problems("A chance?", "1+1?", answer=["\\frac{3}{4}", "2"])
    question = {"prompt": "integer_answer.md", "where": "answer !~ '^-?[0-9]+$'"}
    kept = put(rows, model(rewrite), questions={"integer": question}).kept

    assert kept["answer"].to_list() == ["7", "2"]
    assert kept["answer_before"].to_list() == ["\\frac{3}{4}", None]
    assert kept["problem"][0].endswith("give $m+n$.")


def test_a_proof_becomes_a_question_with_an_answer(model):
    solution = [[{"text": "AM-GM: at least 2.", "model": "human", "correct": None}]]

    def rewrite(texts, body):
        assert texts["SOLUTION"] == "AM-GM: at least 2."
        return {"problem": "What is the least value of $x+1/x$?", "answer": "2"}

    rows = problems("Prove that $x+1/x \\geq 2$.", solutions=solution, answer=["proof"])
    question = {"prompt": "proof_to_answer.md"}
    kept = put(rows, model(rewrite), questions={"value": question}).kept

    assert kept.select("answer", "answer_before", "problem_before").rows() == [
        ("2", "proof", "Prove that $x+1/x \\geq 2$.")
    ]


def test_a_problem_is_translated_and_the_next_question_sees_it_in_english(model):
    def answer(texts, body):
        if "Translate" in body["messages"][-1]["content"]:
            return {"problem": "How much is 1+1?"}
        return {"valid": texts["PROBLEM"].startswith("How")}

    kept = put(
        problems("Combien font 1+1 ?"),
        model(answer),
        questions={"translate": {"prompt": "translate.md"}, "valid": VALID},
    ).kept

    assert kept["problem"].to_list() == ["How much is 1+1?"]
    assert answers(kept, "valid")[0]["valid"] is True


EXTRACTED = [
    (["12"] * 4, "12", True),
    (["12", "12.0", "$12$", "5"], "12", True),
    (["12", "12", "5", "6"], "12", False),
    (["", "", "", "12"], "", False),
]


@pytest.mark.parametrize(("votes", "mode", "is_taken"), EXTRACTED)
@pytest.mark.parametrize("drops", [True, False])
def test_an_extracted_answer_is_taken_where_enough_votes_agree(
    model, votes, mode, is_taken, drops
):
    solution = [[{"text": "So it is 12.", "model": "human", "correct": None}]]
    rows = problems("5+7?", answer=["13"], solutions=solution)
    question = {"prompt": "extract_answer.md", "votes": 4, "temperature": 1}
    outcome = put(
        rows,
        model(lambda texts, body: {"answer": votes[body["seed"]]}),
        questions={"extract": question | {"agree": 0.75}},
        where={"no_agreement": "answer_before is not null"} if drops else {},
    )
    both = pl.concat([outcome.kept, outcome.dropped], how="diagonal")

    expected = ("12", "13") if is_taken else ("13", None)
    assert both.select("answer", "answer_before").rows() == [expected]
    assert answers(both, "extract")[0]["answer"] == mode
    assert outcome.dropped.height == (drops and not is_taken)


def test_a_rewritten_answer_that_its_verifier_cannot_read_leaves(model):
    replies = {"a": "7", "b": "two of them, I think"}
    outcome = put(
        problems("a", "b", "c"),
        model(lambda texts, body: {"answer": replies.get(texts["PROBLEM"], "")}),
        questions={
            "x": {
                "prompt": "Answer?",
                "fields": {"answer": "string"},
                "rewrite": {"answer": "answer"},
                "set": {"verifier": "numeric"},
            }
        },
    )

    assert outcome.kept["answer"].to_list() == ["7", "42"]
    assert outcome.dropped.select("reason", "answer", "answer_before").rows() == [
        ("answer_unreadable", "two of them, I think", "42")
    ]


def test_all_that_is_rewritten_in_a_row_comes_from_one_vote(model):
    # The most frequent problem is P, the most frequent answer 2, and no vote has both.
    pairs = [("P", "1"), ("P", "3"), ("Q", "2"), ("R", "2")]

    def rewrite(texts, body):
        problem, answer = pairs[body["seed"]]
        return {"problem": problem, "answer": answer}

    question = {
        "prompt": "Rewrite.", "fields": {"problem": "string", "answer": "string"},
        "rewrite": {"problem": "problem", "answer": "answer"},
        "votes": 4, "temperature": 1, "agree": 0.5,
    }  # fmt: skip
    kept = put(problems("a"), model(rewrite), questions={"x": question}).kept

    assert kept.select("problem", "answer").rows() == [("a", "42")]


def test_no_more_is_rewritten_than_was_shown(model):
    server = model(lambda texts, body: {"problem": "short"})
    question = {"prompt": "translate.md", "max_chars": 100}
    kept = put(problems("x" * 101, "y"), server, questions={"t": question}).kept

    assert kept["problem"].to_list() == ["x" * 101, "short"]
    assert answers(kept, "t")[0]["fault"] == "too long"
    assert len(server.requests) == 1


def test_every_prompt_of_the_repository_is_a_question_with_fields():
    prompts = sorted(path.name for path in FOLDER.glob("*.md"))
    polls = [Poll.model_validate({"prompt": name}) for name in prompts]

    assert len(polls) >= 10
    assert all(poll.prompt and poll.summary_fields for poll in polls)
