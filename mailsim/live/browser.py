"""The stepper in a browser of this computer: textual-serve with a page of our own, which loads nothing from outside.

Each window is a program of its own, started by the server, so what one does stays in it. Pages of other sites that the
same browser shows must not reach it: a request has to name our address (against DNS rebinding), and a WebSocket has
to come from our page (RFC 6455 section 10.2).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

LOOPBACK = "127.0.0.1"
PAGE = Path(__file__).parent / "page"
"""The folder of the template."""


def address(port: int) -> str:
    """Where a browser finds us."""
    return f"http://{LOOPBACK}:{port}"


def policy(port: int) -> str:
    """What the page may load: only from us (Content Security Policy Level 3)."""
    sockets = f"ws://{LOOPBACK}:{port}"
    inline = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
    return f"default-src 'self'; {inline}; connect-src 'self' {sockets}; frame-ancestors 'none'"


async def application(command: Sequence[str], port: int) -> web.Application:
    """The web application that runs a command for each window. Raises: ImportError without the extra `browser`."""
    from aiohttp import web
    from textual_serve.server import Server

    line = subprocess.list2cmdline(command) if sys.platform == "win32" else shlex.join(command)
    server = Server(line, LOOPBACK, port, title="mailsim", public_url=address(port), templates_path=PAGE)
    made: web.Application = await server._make_app()
    made.on_startup.clear()  # it prints its logo

    async def guard(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.host == f"localhost:{port}":
            raise web.HTTPFound(address(port) + str(request.rel_url))
        is_ours = request.host == f"{LOOPBACK}:{port}"
        if not is_ours or (request.path == "/ws" and request.headers.get("Origin") != address(port)):
            raise web.HTTPForbidden
        return await handler(request)

    async def restrict(_: web.Request, response: web.StreamResponse) -> None:
        response.headers["Content-Security-Policy"] = policy(port)

    made.middlewares.append(web.middleware(guard))
    made.on_response_prepare.append(restrict)
    return made


def serve(command: Sequence[str], port: int) -> None:
    """Serve until Ctrl+C. Raises: ImportError without the extra `browser`; OSError when the port is taken."""
    from aiohttp import web

    os.environ["PYTHONUTF8"] = "1"  # what the programs write goes through pipes
    web.run_app(application(command, port), host=LOOPBACK, port=port, print=None)
