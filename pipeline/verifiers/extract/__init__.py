"""The final answer in a completion."""
