"""The verifiers behind HTTP, for trainers on other machines."""
