"""Programs that run inside the sandbox, on the standard library and one another."""
