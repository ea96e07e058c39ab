"""How the page is served: launch settings, headers, cookie, style and script; knows no question or answer.

The page's Content-Security-Policy lets it reach nothing but this server; see SECURITY.md, section 3.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from framewise.app.render import printable
from framewise.index.home import ensure_folder, home

QUEUE_SIZE = 20  # waiting questions; a longer queue is refused with a clear message
MAX_UPLOAD = "1mb"
MAX_SESSIONS = 500  # tabs whose state is remembered; it is only which conversation is open
LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "framewise_visitor"
COOKIE_SECONDS = 365 * 24 * 3600
STATIC = Path(__file__).parent / "static"
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "connect-src 'self'; font-src 'self' data:; form-action 'self'; base-uri 'self'; "
    "frame-src 'none'; object-src 'none'"
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY + "; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]


class Guard:
    """ASGI middleware: security headers, the visitor's cookie, and no foreign Host on loopback.

    Args:
        app: what is guarded.
        hosts: the Host names that are served; empty for all.
    """

    def __init__(
        self, app: Callable[[Scope, Receive, Send], Awaitable[None]], hosts: tuple[str, ...] = ()
    ) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or refuses it: another Host is a page that rebinds its name to us."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if self._hosts and _host_name(headers.get("host", "")) not in self._hosts:
            await _refuse(send)
            return
        new = "" if visitor_of(headers.get("cookie", "")) else secrets.token_hex(16)

        async def guarded(message: Scope) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                if new and scope["path"] == "/":
                    own.append((b"set-cookie", _cookie(new).encode()))
                kept = [
                    pair for pair in message["headers"] if pair[0].decode().lower() not in HEADERS
                ]
                message = {**message, "headers": [*kept, *own]}
            await send(message)

        await self._app(scope, receive, guarded)


def visitor_of(cookies: str) -> str:
    """The visitor's id in a Cookie header, "" where there is none of the right form."""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    value = found.value if found is not None else ""
    return value if re.fullmatch(r"[0-9a-f]{32}", value) else ""


def launch_settings(host: str, port: int, *, open_browser: bool, auth: str) -> dict[str, Any]:
    """Gradio's launch settings as SECURITY.md section 3 requires them; a test reads them."""
    from starlette.middleware import Middleware

    temporary = ensure_folder(home() / "gradio")
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ["GRADIO_TEMP_DIR"] = str(temporary)
    user, _, password = auth.partition(":")
    return {
        "server_name": host,
        "server_port": port or None,
        "share": False,
        "inbrowser": open_browser,
        "auth": (user, password) if auth else None,
        "strict_cors": True,
        "allowed_paths": [],
        "blocked_paths": [str(home())],
        "max_file_size": MAX_UPLOAD,
        "show_error": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "run_history": False,
        "head": head(),
        "footer_links": [],
        "state_session_capacity": MAX_SESSIONS,
        "quiet": True,
        "app_kwargs": {
            "middleware": [Middleware(Guard, hosts=LOOPBACK if host in LOOPBACK else ())],
        },
    }


def head() -> str:
    """The page's own style and script; style stands here because Gradio rewrites css= (UI.md, pitfall 3)."""
    style = (STATIC / "page.css").read_text(encoding="utf-8")
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    return (
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">'
        f'<meta name="referrer" content="no-referrer"><style>{style}</style><script>{script}</script>'
    )


def open_to_others(host: str, auth: str) -> str:
    """The warning for an address that others can reach, "" where there is nothing to warn of."""
    if host in LOOPBACK or auth:
        return ""
    return f"'{printable(host)}' lets others on the network in, without a password; see --auth"


def _host_name(host: str) -> str:
    bracketed = re.fullmatch(r"\[([^\]]*)\](:\d+)?", host)
    return bracketed.group(1) if bracketed else host.rsplit(":", 1)[0].lower()


def _cookie(visitor: str) -> str:
    # Lax, not Strict: a link to the page from elsewhere must find its conversations too.
    return f"{COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}"


async def _refuse(send: Send) -> None:
    body = b"Framewise serves this machine only. Open it by 127.0.0.1 or localhost.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
