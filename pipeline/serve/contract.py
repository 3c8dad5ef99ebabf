"""What a request may be, and how it is refused.

Everything that a client can send is bounded here: how large a body is, how many rows it
has, how long it may take to arrive, and how much all clients together may keep the
server waiting with. What is beyond a bound is refused at once and in one sentence, so
that memory is bounded whoever asks.
"""

from pydantic import Field

from pipeline.settings import Settings

MB = 1 << 20
MOST_ROWS = 4096  # of one request
RETRY_S = 1  # after which one who was refused for lack of room may come again


class Limits(Settings):
    """The bounds of a server.

    `queue` bounds the rows that are here at once, waiting or being judged, and
    `held_mb` the bodies that they came in. A body has `body_s` to arrive, its verdicts
    `wait_s` to be made, and what is queued at SIGTERM `drain_s` to be finished.
    """

    rows: int = Field(default=MOST_ROWS, ge=1)
    body_mb: int = Field(default=64, ge=1)
    held_mb: int = Field(default=1024, ge=64)
    queue: int = Field(default=50_000, ge=1)
    body_s: float = Field(default=60.0, gt=0)
    wait_s: float = Field(default=600.0, gt=0)
    drain_s: float = Field(default=30.0, ge=0)


class Refused(Exception):
    """A request that gets no verdicts: the HTTP status, and why in one sentence."""

    def __init__(self, status: int, why: str, hint: str = "") -> None:
        super().__init__(why)
        self.status, self.hint = status, hint

    @property
    def headers(self) -> dict[str, str]:
        """What the client needs to know: when it may come again, or with what."""
        if self.status == 401:
            return {"WWW-Authenticate": "Bearer"}
        return {"Retry-After": str(RETRY_S)} if self.status in (503, 504) else {}
