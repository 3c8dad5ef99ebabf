"""One file per kind of answer: `verify(answer, completion, info)` judges it."""
