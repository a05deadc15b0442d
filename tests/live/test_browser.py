"""The stepper in a browser: its page loads nothing from outside, only our own page gets in, and it works."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

pytest.importorskip("textual_serve", reason="the extra `browser` is not installed")
import aiohttp
import pyte
from aiohttp import web

from mailsim.live import browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
COMMAND = [sys.executable, "-m", "mailsim", "step", "first-mail", "--lang", "en"]
Visit = Callable[[aiohttp.ClientSession, str], Awaitable[None]]


@pytest.fixture(autouse=True)
def _nothing_is_remembered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MAILSIM_SETTINGS", str(tmp_path / "settings.json"))


async def visit(steps: Visit) -> None:
    """Serve on a free port, and be a client. At the end no program of a window is left."""
    programs: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_shell

    async def started(*arguments: Any, **values: Any) -> asyncio.subprocess.Process:
        programs.append(await start(*arguments, **values))
        return programs[-1]

    with socket.socket() as free:
        free.bind((browser.LOOPBACK, 0))
        port = free.getsockname()[1]
    runner = web.AppRunner(await browser.application(COMMAND, port))
    await runner.setup()
    await web.TCPSite(runner, browser.LOOPBACK, port).start()
    try:
        with mock.patch("asyncio.create_subprocess_shell", started):
            async with aiohttp.ClientSession() as session:
                await steps(session, browser.address(port))
    finally:
        async with asyncio.timeout(60):
            for program in programs:
                await program.wait()
        await runner.cleanup()


def test_the_page_and_all_that_it_names_come_from_us() -> None:
    async def steps(session: aiohttp.ClientSession, url: str) -> None:
        async with session.get(url) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"|url\("([^"]+)"\)', page)
        links = [one or other for one, other in named]
        assert {Path(link).suffix for link in links} == {".ttf", ".css", ".js"}
        for link in links:
            assert link.startswith(f"{url}/")
            async with session.get(link) as answer:
                assert answer.status == 200, link
        assert not re.search(rf"https?://(?!{re.escape(url[7:])})", page)

    asyncio.run(visit(steps))


def test_other_pages_of_the_same_browser_do_not_get_in() -> None:
    async def steps(session: aiohttp.ClientSession, url: str) -> None:
        for origin in ("http://evil.example", None):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await session.ws_connect(f"{url}/ws", headers={"Origin": origin} if origin else {})
        async with session.get(url, headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403
        elsewhere = url.replace(browser.LOOPBACK, "localhost")
        async with session.get(f"{url}/?fontsize=20", headers={"Host": elsewhere[7:]}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, f"{url}/?fontsize=20")

    asyncio.run(visit(steps))


def test_a_lesson_in_a_window() -> None:
    async def steps(session: aiohttp.ClientSession, url: str) -> None:
        screen = pyte.Screen(100, 30)
        stream = pyte.ByteStream(screen)
        async with session.ws_connect(f"{url}/ws?width=100&height=30", headers={"Origin": url}) as window:

            async def until(wanted: str) -> None:
                async with asyncio.timeout(60):
                    while wanted not in "\n".join(screen.display):
                        message = await window.receive()
                        assert message.type in (aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT), screen.display
                        if message.type is aiohttp.WSMsgType.BINARY:
                            stream.feed(message.data)

            await until("step 0/")
            await window.send_json(["stdin", "nn"])
            await until("step 2/")
            screen.resize(24, 80)
            await window.send_json(["resize", {"width": 80, "height": 24}])
            await until("m Map")
            await window.send_json(["stdin", "qq"])
            async with asyncio.timeout(60):
                while (await window.receive()).type is not aiohttp.WSMsgType.CLOSE:
                    pass

    asyncio.run(visit(steps))


class Tab:
    """The page in Chromium, asked through its debugging protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._count = socket, 0

    async def call(self, method: str, **values: object) -> dict[str, Any]:
        self._count += 1
        await self._socket.send_json({"id": self._count, "method": method, "params": values})
        while (answer := await self._socket.receive_json()).get("id") != self._count:
            pass
        return dict(answer["result"])

    async def value(self, expression: str) -> Any:
        return (await self.call("Runtime.evaluate", expression=expression, returnByValue=True))["result"].get("value")

    async def until(self, expression: str) -> None:
        async with asyncio.timeout(60):
            while not await self.value(expression):
                await asyncio.sleep(0.2)

    async def press(self, key: str) -> None:
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)


@asynccontextmanager
async def tab(session: aiohttp.ClientSession, url: str, folder: Path) -> AsyncIterator[Tab]:
    """Open the page in a Chromium that reaches nothing but this computer."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    options += ["--remote-debugging-port=0", f"--user-data-dir={folder}", "--window-size=1280,800"]
    options += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(str(CHROMIUM), *options, url, stdout=quiet, stderr=quiet)
    try:
        async with asyncio.timeout(60):
            while not (folder / "DevToolsActivePort").exists():
                await asyncio.sleep(0.1)
            port = (folder / "DevToolsActivePort").read_text().split()[0]
            pages: list[dict[str, str]] = []
            while not any(page["url"].startswith(url) for page in pages):
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    pages = await answer.json()
        place = next(page["webSocketDebuggerUrl"] for page in pages if page["url"].startswith(url))
        async with session.ws_connect(place, max_msg_size=0) as socket:
            yield Tab(socket)
    finally:
        process.kill()
        await process.wait()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_a_browser_without_a_network_shows_it(tmp_path: Path) -> None:
    """The page's script sets `-first-byte` when the program has painted, and `-closed` when it has ended."""

    async def steps(session: aiohttp.ClientSession, url: str) -> None:
        async with tab(session, url, tmp_path) as page:
            await page.until("document.body && document.body.classList.contains('-first-byte')")
            await page.until("""document.fonts.check("16px 'Roboto Mono'")""")
            loaded = await page.value("performance.getEntriesByType('resource').map(entry => entry.name)")
            assert any(name.endswith("/js/textual.js") for name in loaded)
            assert any(name.endswith(".ttf") for name in loaded)
            assert [name for name in loaded if not name.startswith(f"{url}/")] == []
            picture = os.environ.get("MAILSIM_PICTURE")
            if picture:  # to look at
                await asyncio.sleep(10)
                Path(picture).write_bytes(base64.b64decode((await page.call("Page.captureScreenshot"))["data"]))
            await page.until("document.querySelector('textarea') && !document.querySelector('textarea').focus()")
            async with asyncio.timeout(60):
                while not await page.value("document.body.classList.contains('-closed')"):
                    await page.press("q")  # twice, once the run is there
                    await asyncio.sleep(0.3)

    asyncio.run(visit(steps))
