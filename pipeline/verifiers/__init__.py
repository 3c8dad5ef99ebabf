"""One file per kind of answer: what `verify` and `unreadable` do is in `contract`."""
