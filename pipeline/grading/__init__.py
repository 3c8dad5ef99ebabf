"""Completions graded in worker processes, and verdicts that are kept."""
