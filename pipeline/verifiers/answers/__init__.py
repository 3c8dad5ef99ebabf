"""Answers as what they are: text is read into a typed tree, and trees are compared."""
