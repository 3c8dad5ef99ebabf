"""A model behind an OpenAI-compatible server, asked many questions at a time."""
