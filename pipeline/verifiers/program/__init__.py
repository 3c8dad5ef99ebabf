"""Programs against tests, with calls and results on a wire."""
