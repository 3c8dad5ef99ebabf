"""Compiled kernels: text to tokens, n-grams, signatures, pairs.

Every kernel works on a shard of rows and holds no lock, so a pool is worked on by
as many threads as there are cores. `plain.py` says the same in plain Python; the
tests compare the two.
"""
