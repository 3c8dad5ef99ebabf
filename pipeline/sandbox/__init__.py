"""Where untrusted code runs, and nowhere else."""
