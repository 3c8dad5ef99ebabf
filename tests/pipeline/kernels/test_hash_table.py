"""Tables find what is in them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.kernels import hash_table


@given(st.lists(st.integers(1, 2**64 - 1), unique=True, max_size=200))
@settings(max_examples=50, deadline=None)
def test_a_lookup_finds_what_is_in_it_and_nothing_else(keys: list[int]):
    known = hash_table.build_table(np.array(keys, np.uint64))

    assert [hash_table.find(known, np.uint64(key)) for key in keys] == [
        *range(len(keys))
    ]
    for key in {1, 2, 3, 2**63} - set(keys):
        assert hash_table.find(known, np.uint64(key)) == -1


def test_group_ids_count_up_in_order_of_appearance():
    keys = np.array([7, 0, 7, 2**63, 0, 16], np.uint64)
    ids, distinct = hash_table.group_ids(keys)

    assert ids.tolist() == [0, 1, 0, 2, 1, 3]
    assert distinct.tolist() == [7, 0, 2**63, 16]


def test_the_first_equal_key_is_named_for_each():
    keys = np.array([7, 0, 7, 2**63, 0, 16], np.uint64)

    assert hash_table.first_equal(keys).tolist() == [0, 1, 0, 3, 1, 5]
