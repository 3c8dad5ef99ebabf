"""What a person types: reports, recipes, checks, publishing, stages on own files."""
