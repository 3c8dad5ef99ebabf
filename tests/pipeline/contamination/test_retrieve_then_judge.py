import pytest

from pipeline.contamination.methods.retrieve_then_judge import is_same


@pytest.mark.parametrize(
    ("reply", "same"),
    [
        ('{"same": true}', True),
        ('Sure: {"same": true}.', True),
        ('{"same": false}', False),
        ('{"same": "true"}', False),
        ('{"same": false} {"same": true}', False),
        ('<think>{"same": false}?</think>{"same": true}', True),
        ('◁think▷{"same": false}?◁/think▷{"same": true}', True),
        ('<think>{"same": true}', False),  # cut off before it answered
        ("true", False),
        ("{broken", False),
        (None, False),
    ],
)
def test_only_a_clear_yes_makes_two_problems_one(reply: str | None, same: bool):
    assert is_same(reply) is same
