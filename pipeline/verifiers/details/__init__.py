"""What each verifier may find in a row's `verify_info`: one file a verifier."""
