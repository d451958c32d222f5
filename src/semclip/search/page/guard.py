"""Who may talk to the page: the right host name, the same origin, and a token where others can reach it."""

import ipaddress
import secrets
from collections.abc import Collection
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Guard:
    """ASGI middleware that refuses what a page elsewhere, or a person without the token, could send.

    hosts: names the page answers to; another name is a DNS rebinding. Bare addresses cannot be rebound, so
    `any_address` lets them pass. token: "" where only this computer can connect. cookie: name the token is kept under.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str] = LOOPBACK, any_address: bool = False, token: str = "",
        cookie: str = "semclip",
    ) -> None:  # fmt: skip
        self._app = app
        self._hosts = {host.lower() for host in hosts}
        self._any_address = any_address
        self._token = token
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        presented = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                out = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    out[name] = value
                if self._token and self._is_token(presented):
                    out.append("Set-Cookie", f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/")
            await send(message)

        refusal = self._refusal(scope, headers, presented)
        await (refusal or self._app)(scope, receive, hardened)

    def _refusal(self, scope: Scope, headers: Headers, presented: str) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._knows(hosts[0]):
            return PlainTextResponse("This host name is not one of this page's. Use the address it printed.\n", 421)
        if self._from_elsewhere(scope, headers, hosts[0]):
            return PlainTextResponse("Only the page itself may ask this.\n", 403)
        kept = cookie_parser(headers.get("cookie", "")).get(self._cookie, "")
        if self._token and not (self._is_token(presented) or self._is_token(kept)):
            return PlainTextResponse("Open the whole address that `semclip serve` printed: it holds the token.\n", 401)
        return None

    def _knows(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or (self._any_address and _is_address(name))

    @staticmethod
    def _from_elsewhere(scope: Scope, headers: Headers, host: str) -> bool:
        """A link from elsewhere may open the page, and nothing else; what changes something names its origin."""
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") and not (scope["method"] == "GET" and scope["path"] == "/"):
            return True
        origin = headers.get("origin")
        if scope["method"] in ("GET", "HEAD"):
            return origin is not None and _authority(origin) != host.lower()
        return origin is None or _authority(origin) != host.lower()

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
