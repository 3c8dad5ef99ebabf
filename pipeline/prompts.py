"""The messages a problem is asked with: the same in sampling, training and tests."""


def messages(
    problem: str, *, system: str = "", suffix: str = ""
) -> list[dict[str, str]]:
    """Chat messages for `problem`; empty `system` and `suffix` add nothing."""
    user = f"{problem}\n{suffix}" if suffix else problem
    asked = [{"role": "user", "content": user}]
    return [{"role": "system", "content": system}, *asked] if system else asked
