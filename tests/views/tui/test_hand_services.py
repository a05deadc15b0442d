"""The list of servers to type to, and the ways to it, under a pilot and with the real engine."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from mailsim.views.tui.app import Commands, StepperApp
from mailsim.views.tui.hand.screen import HandScreen
from mailsim.views.tui.hand.services import _PLACE, ServicesScreen
from mailsim.views.tui.memory import Memory
from mailsim.views.tui.picker import Picker
from mailsim.views.tui.screen import MainScreen
from tests.views.tui.desk import PHONE, message, services, visit
from tests.views.tui.synthetic import failover
from tests.views.tui.test_picker import Books, picker, text, until


async def test_servers_are_listed_with_port_protocol_and_tls() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.pause()
        shown = text(app)
        assert "First" not in shown.splitlines()[0]
        for row in ("25  SMTP  TLS if you like", "993  IMAP  TLS from the first byte", "24  LMTP  no TLS"):
            assert row in shown
        await pilot.press("down", "down", "up")
        assert services(app).chosen == 1
        await pilot.press(*"pop3 995")
        assert [service.port for service in services(app).fitting] == [995]
        await pilot.press("backspace", "escape")
        assert len(services(app).fitting) == 8
        await pilot.click("#services", offset=(5, 3))
        assert services(app).chosen == 3
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)

    await visit(steps)


async def test_the_time_is_that_of_the_step_or_the_start() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.pause()
        assert "when: as it is at 0.0" in text(app)
        await pilot.press("f5")
        await pilot.pause()
        assert "when: at the start" in text(app)
        await pilot.press("f2", "f3")
        await pilot.pause()
        assert "kdy: na začátku" in text(app)
        assert app.theme == "mailsim-light"
        await pilot.press("escape")
        await pilot.pause()
        assert "krok 2/77" in text(app)

    await visit(steps)


async def test_any_port_may_be_called_and_one_without_a_server_refuses() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press(*"nowhere:25", "enter")
        await until(pilot, lambda: message(app) == "Nothing fits: nowhere:25")
        await pilot.press("escape", *"mail:9999", "enter")
        await until(pilot, lambda: isinstance(app.screen, HandScreen))
        await pilot.pause()
        assert "-- mail refuses the connection" in text(app)
        assert "LOST" in text(app)
        await pilot.press("N", "enter", "f5")
        assert message(app).startswith("The connection is over.")
        await pilot.press("escape", "escape")
        assert isinstance(app.screen, ServicesScreen)

    await visit(steps)


@pytest.mark.parametrize(
    ("where", "security"),
    [("mail:2525", "none"), ("mail:2525 tls", "tls"), ("mail:imaps", "tls"), ("mail:143  TLS", "tls")],
)
def test_tls_may_begin_at_once_on_any_port(where: str, security: str) -> None:
    service = PHONE.find("first-mail", where)
    assert service is not None
    assert service.security == security
    assert _PLACE.fullmatch(where)


async def test_f4_in_the_list_of_scenarios() -> None:
    class FirstMail(Books):
        """Its first entry is a real one."""

    app = StepperApp(None, "en", library=FirstMail(), switchboard=PHONE, memory=Memory())
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: not picker(app)._loading)
        named = [name for name, _ in Commands(app.screen)._commands()]
        assert "by hand  (F4)" in named
        assert "Theme: light" in named
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(app.screen, ServicesScreen) and not app.screen._loading)
        await pilot.pause()
        assert "First mail: whom do you want to type to?" in text(app)
        assert "when: at the start" in text(app)
        await pilot.press("f5", "f2", "escape")
        assert isinstance(app.screen, Picker)
        assert picker(app).words.language == "cs"


async def test_a_file_that_broke_meanwhile_is_told() -> None:
    app = StepperApp(failover(), switchboard=PHONE, key="/no/such/file.yaml")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        await until(pilot, lambda: message(app).startswith("Nobody can be called: "))
        await pilot.press("enter", "escape")
        assert isinstance(app.screen, MainScreen)


async def test_a_recording_has_nobody_who_answers() -> None:
    app = StepperApp(failover(), key="lesson.mailsim")
    async with app.run_test(size=(160, 36)) as pilot:
        await pilot.press("H")
        assert message(app) == "Here nobody answers: this is a recording."
        assert "by hand" not in text(app)
