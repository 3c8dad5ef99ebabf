"""Compiled kernels: texts to tokens, n-grams, signatures and pairs.

For `dedup` and `contamination`, which look at every text of a pool. A kernel takes the
bytes or tokens of a shard of texts (`shards`) and holds no lock, so that a pool is
worked on by as many threads as there are cores. Dedup counts n-grams of words
(`word_tokens`, `shingles`, `minhash`, `set_join`); what two problems have in common as
mathematics is seen in tokens of LaTeX (`latex_tokens`, `relations`, `item_overlap`).
The tests compare some of them with what plain Python computes.
"""
