"""Puzzles, each with the rule that decides it."""
