"""Recipes tried end to end on a few rows, with a scripted model."""
