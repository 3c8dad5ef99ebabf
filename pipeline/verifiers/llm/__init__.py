"""Prompts, votes and replies of a model that judges."""
