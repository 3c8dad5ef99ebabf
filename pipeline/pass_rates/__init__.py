"""What samples say about a pass rate, and which problems need more of them."""
