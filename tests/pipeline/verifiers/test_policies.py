"""What is no mathematics is a policy: percent, rounding, units, boxes, capitals."""

import json

import pytest

from pipeline.grading.guarded import verify
from pipeline.verifiers import exact, math, numeric


def policy(**options: object) -> dict:
    return {"policy": options}


@pytest.mark.parametrize(
    ("gold", "completion", "info", "correct"),
    [
        ("40%", "0.4", {}, True),
        ("40%", "40", {}, True),
        ("40%", "0.4", policy(percent="number"), False),
        ("40%", "40", policy(percent="fraction"), False),
        ("40%", "0.4", policy(percent="fraction"), True),
        ("1/3", "0.333", {}, False),
        ("1/3", "0.333", policy(digits=3), True),
        ("1/3", "0.334", policy(digits=3), False),
        (r"\pi", "3.14", policy(digits=3), True),
        (r"(\frac{1}{3}, 2]", "(0.33, 2]", policy(digits=2), True),
        ("3 m", "300 cm", {}, False),
        ("3 m", "300 cm", policy(units="convert"), True),
        ("3 m", "30 cm", policy(units="convert"), False),
        ("3 m", "3", {}, True),
        ("3 m", "3", policy(units="required"), False),
        ("3 m", "3 metres", policy(units="required"), True),
        ("3", "The answer is 3.", policy(boxed=True), False),
        ("3", r"\boxed{3}", policy(boxed=True), True),
        ("3", "<answer>3</answer>", policy(boxed=True), True),
    ],
)
def test_a_policy_of_mathematics_is_what_it_says(gold, completion, info, correct):
    assert math.verify(gold, completion, info).correct is correct


@pytest.mark.parametrize(
    ("gold", "completion", "info", "correct"),
    [
        ("9.81 m/s^2", "9.8 m/s²", {"rel_tol": 1e-2}, True),
        ("3.0e8", "3 × 10^8 m/s", {}, True),
        ("1.2e-5", "0.000012", {}, True),
        ("1.6 \\cdot 10^{-19} C", "1.6E-19 C", {}, True),
        ("1200", "1,200", {}, True),
        ("2", r"x \approx 2.0001", {}, True),
        ("50%", "0.5", {}, True),
        ("0.5", "0.5%", {}, False),
        ("1 m", "100 cm", {}, False),
        ("1 m", "100 cm", policy(units="convert"), True),
        ("5 kJ", "5000 J", policy(units="convert"), True),
        ("60 km/h", "16.6667 m/s", policy(units="convert"), True),
        ("2 L", "2000 cm^3", policy(units="convert"), True),
        ("250 ms", "0.25 s", policy(units="convert"), True),
        ("1 atm", "101.325 kPa", policy(units="convert"), True),
        ("5 kJ", "5 kg", policy(units="convert"), False),
        ("5 kJ", "5", policy(units="required"), False),
    ],
)
def test_measured_numbers_have_units(gold, completion, info, correct):
    assert numeric.verify(gold, rf"\boxed{{{completion}}}", info).correct is correct


@pytest.mark.parametrize(
    ("gold", "completion", "info", "correct"),
    [
        ("New York", "new  york", {}, True),
        ("New York", "new york", policy(case=True), False),
        ("O.K., then", "ok then", {}, True),
        ("O.K., then", "ok then", policy(punctuation=True), False),
        ("The Hague", "Hague", {}, True),
        ("The Hague", "Hague", policy(articles=True), False),
        ("Paris", r"\boxed{\text{Paris}}", {}, True),
        ("Paris", "**Paris**", {}, True),
        ("answer is 42", "The answer is 42", {}, True),
        ("Paris", "Paris and London", {}, False),
        ("caf\u00e9", "cafe\u0301", {}, True),
        ("42", "The answer is 42.\nThat is all.", {}, True),
    ],
)
def test_exact_text_says_what_counts(gold, completion, info, correct):
    assert exact.verify(gold, completion, info).correct is correct


@pytest.mark.parametrize("verifier", ["math", "numeric", "exact"])
@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (policy(colour="red"), '.colour: expected no option of this name, found "red"'),
        (["units"], ": expected an object, found a list of 1"),
    ],
)
def test_an_unknown_policy_is_named_and_decides_nothing(verifier, wrong, why):
    info = wrong if isinstance(wrong, dict) else {"policy": wrong}
    verdict = verify(verifier, "1", json.dumps(info), "1")

    assert (verdict.correct, verdict.why) == (None, f"verify_info.policy{why}")


def test_why_names_where_the_answer_stood_and_the_step():
    assert math.verify("1/2", r"\boxed{0.5}", {}).why == "box: equal as number"
    assert math.verify("x+1", "Answer: 1+x", {}).why == "phrase: equal as expression"
    assert math.verify("(1,2]", "1<x\\le 2", {}).why == ("whole text: equal as tuple")
