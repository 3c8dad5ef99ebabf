"""What `math_verify` may find in `verify_info`: nothing."""

from pipeline.verifiers.details.contract import Details


class Info(Details):
    """The options of `math_verify`: it has none."""
