"""Thin trainers: TRL does the work, these files say what to train on what."""
