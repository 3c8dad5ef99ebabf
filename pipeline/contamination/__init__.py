"""Benchmark items in texts: by our coverage, and by the rules that were published."""
