"""Traces: who wrote which, how clean each is, and how its thinking is marked."""
