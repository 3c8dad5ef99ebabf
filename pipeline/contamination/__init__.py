"""Texts that hold benchmark items: found by several methods, reported in one way."""
