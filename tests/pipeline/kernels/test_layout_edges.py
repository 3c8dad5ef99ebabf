"""Instructions and sources at the edges of a problem go; what it needs stays."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.kernels.edge_words import edge_endings, edge_words
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.layout_edges import LEAST_REST, find_edges
from pipeline.kernels.shards import text_bytes

PROBLEM = "A tank of 80 litres is three quarters full. How many litres does it hold?"
IN_FRONT = (
    "Solve the following problem.", "Please solve this problem step by step.\n\n",
    "You are a helpful math tutor. Answer the question below.\n", "(AIME 2009 #4)",
    "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.\n",
    "Below is an instruction that describes a task, paired with an input that provides "
    "further context. Write a response that appropriately completes the request.\n",
    "A chat between a curious user and an artificial intelligence assistant. The "
    "assistant gives helpful, detailed, and polite answers to the user's questions.\n",
    "[Baltic Way 2003]", "【2015 高考】", "IMO Shortlist 1998, A3:",
    "AMC 12A 2019 #14 -",
    "Exercise 3.14:", "Example 11", "(本小题满分12分)", "[5 points, 10 minutes]",
    "time limit per test\n1 second\nmemory limit per test\n256 megabytes\n",
    "Résolvez le problème suivant.", "Решите задачу.", "A. Litres\n\n",
    "Задача 12.", "Aufgabe 3.", "题5.", "★★", "⭐⭐⭐",
    "You will be given a question (problem specification) and will generate a correct "
    "Python program that matches the specification and passes all tests.\n\n",
)  # fmt: skip
BEHIND = (
    "Show your work.", "Explain.", "Justify your answer.", "Do not use a calculator.",
    r"Let's think step by step and output the final answer within \boxed{}.",
    "Give only the final answer, with no explanation.", "[4 marks]", "(6 points)",
    "Express your answer as a common fraction.", "(HMMT February 2016, Guts #12)",
    "\n\nSource: Canadian Open 2011", "\n\n[i]Proposed by Mihai Pop, Romania[/i]",
    "\n\nAuthor: Ray Li", "Begründe deine Antwort.", "Justifiez votre réponse.",
    "Ответ обоснуйте.", r"请一步一步推理,并把最终答案放在\boxed{}中。", "Assistant:",
    "*Proposed by Ray Li*", "[4점]", "/no_think", "(No calculators allowed.)",
    "\nRespond in this format:\n<reasoning>\n...\n</reasoning>\n<answer>\n...\n",
    "\nTime limit: 2 seconds\nMemory limit: 256 MB",
    'Format your answer like: "Zoe is a knight, and Ted is a knave"',
    "Format your response as follows: “The correct answer is (insert answer here)”",
    "Read the inputs from stdin, solve the problem and write the answer to stdout (do "
    "not directly test on the sample inputs). Enclose your code within delimiters as "
    "follows.\n```python\n# YOUR CODE HERE\n```",
)  # fmt: skip
NEEDED_IN_FRONT = (
    "Round all numbers in your answer.", "Answer modulo 7.", "(h = 5)", "(365 days)",
    "Solve the problem in hours.", "Minimum\n\n", "Read 5 lines:", "(A) 3", "[asy]",
    "In 2009:", "Find all solutions.",
)  # fmt: skip
NEEDED_BEHIND = (
    "Give your answer modulo 1000.", "Give your answer in meters.", "Find m+n.",
    "Round your answer to 2 decimal places.", "(365 days)", "(h = 5)",
    "[Assume base 2]",
    "Your answer should be the number of them.", "Use 22/7 for pi.", "\n\nSource: 3",
    "Write your answer in Haskell.", "Give only the larger solution as your answer.",
    "Give the sum of all answers.", "(结果保留两位小数)", "Ответ дайте в метрах.",
    "Donnez votre réponse en centimètres.", "Find all solutions.", "[/asy]",
    "Round your answer to the nearest tenth.", "Answer in cents.",
    'Reply with the number in "two".', "Who is taller, Ann or Ray Li?",
    "\nTime: 3 hours",
)  # fmt: skip


def strip(text: str) -> str:
    return strip_layout(pl.Series([text])).item()


@pytest.mark.parametrize("part", IN_FRONT)
def test_what_is_no_part_of_a_problem_goes_from_its_front(part: str):
    assert strip(f"{part} {PROBLEM}").strip() == PROBLEM


@pytest.mark.parametrize("part", BEHIND)
def test_what_is_no_part_of_a_problem_goes_from_its_end(part: str):
    assert strip(f"{PROBLEM} {part}").strip() == PROBLEM


@pytest.mark.parametrize("part", NEEDED_IN_FRONT)
def test_what_a_problem_needs_stays_in_front(part: str):
    assert strip(f"{part} {PROBLEM}") == f"{part} {PROBLEM}"


@pytest.mark.parametrize("part", NEEDED_BEHIND)
def test_what_a_problem_needs_stays_behind(part: str):
    assert strip(f"{PROBLEM} {part}") == f"{PROBLEM} {part}"


@pytest.mark.parametrize("text", ["Explain your answer.", "Answer the question: 5?"])
def test_a_text_that_has_little_more_stays(text: str):
    assert strip(text) == text


parts = st.sampled_from([*IN_FRONT, *BEHIND, *NEEDED_BEHIND, "\n", "。", "é", "(", ")"])
texts = st.lists(st.one_of(parts, st.text(max_size=9)), max_size=6).map(" ".join)


@given(st.lists(texts, max_size=4))
def test_edges_are_whole_characters_within_their_text(column: list[str]):
    data, offsets = text_bytes(pl.Series(column, dtype=pl.String))
    spans = find_edges(data, offsets, edge_words(), edge_endings())

    for (begin, end), first, stop in zip(spans, offsets, offsets[1:], strict=False):
        assert first <= begin <= end <= stop
        assert (begin, end) == (first, stop) or end - begin >= LEAST_REST
        data[begin:end].tobytes().decode()
