"""Samples of a model that are drawn once, and kept."""
