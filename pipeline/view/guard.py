"""Who may ask, and what an answer may do in the browser.

The page holds rows that strangers wrote, and listens on the machine of whoever reads
it. So every request is refused unless its `Host` is a name of this server: a page of
another site that makes its own name point here (DNS rebinding) asks under that name.
What changes something must come from this very page: `Origin` is ours, and the form
holds the secret of this process. Answers carry a policy by which the browser runs no
script but ours, and shows the page in no frame.
"""

import hmac
import secrets
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With `no-referrer` a browser would not say the origin of a form.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
COOKIE = "goldsieve-view"


class Guard:
    """Refuse what does not come from this page, and bind what the browser may do.

    `names` are those of this server beside the loopback's; where `token` is not "", a
    reader brings it once, in the address, and has it in a cookie from then on.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], token: str = "") -> None:
        self._app, self._names, self._token = app, {*names}, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._refuse(Request(scope)) or self._app
        return await answer(scope, receive, send_bound)

    def _refuse(self, request: Request) -> ASGIApp | None:
        if not self._is_ours(request.headers.get("host", "")):
            return PlainTextResponse("this server has another name\n", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("only GET and POST\n", 405)
        if request.method == "POST" and not is_same_origin(request):
            return PlainTextResponse("a form of another site\n", 403)
        return self._ask_token(request) if self._token else None

    def _is_ours(self, host: str) -> bool:
        """Whether `Host` names this server; a name that merely points here does not."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._names or (bool(self._token) and is_address(name))

    def _ask_token(self, request: Request) -> ASGIApp | None:
        if _equals(request.cookies.get(COOKIE, ""), self._token):
            return None
        if not _equals(request.query_params.get("token", ""), self._token):
            return PlainTextResponse("open the address that was printed\n", 401)
        entered = RedirectResponse("/", 303)
        entered.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
        return entered


def is_same_origin(request: Request) -> bool:
    """Whether a form was sent from a page of this server, as browsers tell it."""
    host = request.headers.get("host", "")
    return request.headers.get("origin", "") in (f"http://{host}", f"https://{host}")


def is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def new_secret() -> str:
    return secrets.token_urlsafe(24)


def _equals(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
