"""Typing a protocol by hand on a screen, under a pilot and against the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.events import Paste
from textual.pilot import Pilot
from textual.scrollbar import ScrollBar, ScrollBarRender

from mailsim.lessons.explanations import explanations
from mailsim.trace.events import Said
from mailsim.trace.recording import read_recording
from mailsim.views.tui.actions import CALL_ACTIONS, HAND_ACTIONS
from mailsim.views.tui.app import Commands, StepperApp
from mailsim.views.tui.hand.conversation import Conversation
from mailsim.views.tui.hand.screen import HandScreen
from mailsim.views.tui.hand.services import ServicesScreen
from mailsim.views.tui.hand.transcript import Transcript
from mailsim.views.tui.help import Help
from mailsim.views.tui.screen import MainScreen
from mailsim.views.tui.text import Piece, wrap
from tests.views.tui.desk import PHONE, Desk, hand, message, talk, type_lines, visit
from tests.views.tui.test_picker import text


async def test_a_line_its_crlf_the_reply_its_meaning_and_the_state() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        assert "S: 220 mail.skola.example ESMTP Service ready<CRLF>  + ok" in text(app)
        assert "GREETED   the server waits for EHLO" in text(app)
        await type_lines(pilot, app, "EHLO me.example", "RCPT TO:<dan@skola.example>")
        assert "C: RCPT TO:<dan@skola.example><CRLF>" in text(app)
        assert "5.5.1" in text(app)
        assert "x failed" in text(app)
        assert "5yz: no, for good" in text(app)
        assert "RFC 5321 §4.2.1" in text(app)
        assert "READY   no mail has been begun" in text(app)
        assert "Now: STARTTLS  MAIL  EHLO" in text(app)
        await type_lines(pilot, app, "MAIL FROM:<a@jinde.example>")
        assert "HAS_SENDER" in text(app)
        await type_lines(pilot, app, "RCPT TO:<dan@skola.example>", "DATA", "Subject: x", "", "..", ".")
        assert "C: ..<CRLF>" in text(app)
        assert "Ok: queued as" in text(app)

    await talk(steps)


async def test_tab_leads_from_the_greeting_to_a_mail_on_its_way() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        for _ in range(14):
            hand(app).do_complete()
            hand(app).do_send()
        typed = [turn.line.decode() for turn in hand(app).conversation.turns if turn.line is not None]
        assert typed == [
            "EHLO guest.mail.skola.example",
            "STARTTLS",
            "EHLO guest.mail.skola.example",
            "AUTH PLAIN AGFsZW5hQHNrb2xhLmV4YW1wbGUAc2VjcmV0LWFsZW5h",
            "MAIL FROM:<alena@skola.example>",
            "RCPT TO:<dan@skola.example>",
            "DATA",
            *("From: alena@skola.example", "To: dan@skola.example", "Subject: Hello", "", "Hello!", "."),
            "MAIL FROM:<alena@skola.example>",
        ]
        await pilot.pause()
        assert "queued as" in text(app)
        assert "encrypted" in text(app)

    await talk(steps, "mail:587")


@pytest.mark.parametrize(
    ("where", "last"),
    [
        ("mail:143", "a4 FETCH 1:* (FLAGS ENVELOPE)"),
        ("mail:110", "STAT"),
        ("mail:24", "MAIL FROM:<dan@skola.example>"),
    ],
)
async def test_tab_leads_through_the_other_protocols(where: str, last: str) -> None:
    async def steps(_: Pilot[None], app: Desk) -> None:
        while hand(app).line.value != last:
            hand(app).action_do("send" if hand(app).line.value else "complete")
            assert len(hand(app).conversation.turns) < 40
        replies = [turn.event for turn in hand(app).conversation.turns if isinstance(turn.event, Said)]
        assert not any(word in str(reply.pdu) for reply in replies for word in ("BAD", "-ERR"))

    await talk(steps, where)


async def test_completion_goes_round_and_shows_itself_before() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        line = hand(app).line
        await pilot.press(*"he")
        await pilot.pause()
        assert "C: heLO guest.mail.skola.example" in text(app)
        await pilot.press("right")
        assert line.value == "HELO guest.mail.skola.example"
        await pilot.press("escape", "tab", "tab", "tab", "shift+tab", "shift+tab")
        assert line.value == "EHLO guest.mail.skola.example"
        await pilot.press("escape", "shift+tab")
        assert line.value == "QUIT"
        await pilot.press("escape")
        await pilot.click("#keys", offset=(15, 0))
        assert line.value == "EHLO guest.mail.skola.example"
        await pilot.click("#keys", offset=(3, 0))
        await pilot.press("tab")
        assert line.value == "STARTTLS"
        await pilot.press("escape", *"xyzzy", "tab")
        assert message(app) == "Nothing fits what you have typed."

    await talk(steps)


async def test_history_comes_back_and_the_draft_too() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        line = hand(app).line
        await pilot.press("up")
        assert message(app) == "You have typed nothing before."
        await type_lines(pilot, app, "HELO a.example", "NOOP", "NOOP")
        await pilot.press(*"QU", "up", "up")
        assert line.value == "HELO a.example"
        await pilot.press("up", "down", "down")
        assert line.value == "QU"
        assert app.history == ["HELO a.example", "NOOP"]

    await talk(steps)


async def test_what_was_said_before_is_explained_and_cards_lie_over_it() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        await type_lines(pilot, app, "EHLO me.example")
        assert "The list of extensions" in text(app)
        await pilot.press("shift+up")
        await pilot.pause()
        assert "EHLO: who I am, and what can you do?" in text(app)
        await pilot.press("shift+up", "shift+up")
        assert message(app) == "Nothing was said before."
        await pilot.press("shift+down", "shift+down", "shift+down")
        assert message(app) == "Nothing was said since."
        await pilot.press("f9", "f9")
        await pilot.pause()
        assert "REPLY CODE" in text(app)
        while hand(app)._card >= 0:
            await pilot.press("f9")
        await pilot.pause()
        assert "The list of extensions" in text(app)
        await type_lines(pilot, app, "EHLO me.example")
        transcript = app.screen.query_one(Transcript)
        bottom = transcript.scroll_offset.y
        assert bottom == transcript.max_scroll_y > 0
        await pilot.press("pageup")
        await pilot.pause()
        assert transcript.scroll_offset.y == 0
        await pilot.press("pagedown")
        await pilot.pause()
        assert transcript.scroll_offset.y == bottom
        await pilot.press("pageup")
        await pilot.click("#transcript", offset=(4, 0))
        await pilot.pause()
        assert "220: the server speaks first" in text(app)

    await talk(steps)


async def test_literals_tell_how_much_is_to_come() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        await type_lines(pilot, app, "a1 LOGIN {3}")
        assert "the server waits for a literal, 3 bytes to come" in text(app)
        await type_lines(pilot, app, "dan {10}", "secret-dan", "a2 IDLE")
        assert "AUTHENTICATED   the server tells news until DONE" in text(app)
        assert "Now: DONE" in text(app)
        await pilot.click("#hand-next", offset=(8, 0))
        assert hand(app).line.value == "DONE"

    await talk(steps, "mail:993")


def test_the_middle_of_a_long_reply_is_left_out_on_the_screen_and_saved() -> None:
    place = PHONE.find("first-mail", "mail:25")
    assert place is not None
    conversation = Conversation(PHONE.call("first-mail", place, 0))
    conversation.say("EHLO me.example")
    turn = conversation.turns[-1]
    whole = [str(row) for row in conversation.rows(turn, "en")]
    assert list(map(str, conversation.rows(turn, "en", len(whole)))) == whole
    left_out = f"-- {len(whole) - 4} lines are not shown here; the saved transcript has them."
    assert list(map(str, conversation.rows(turn, "en", 4))) == [*whole[:2], left_out, *whole[-2:]]
    assert whole[3] in conversation.text("en")


async def test_time_passes_only_when_it_is_told_to() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        call = hand(app).conversation.call
        await type_lines(pilot, app, "a1 LOGIN dan secret-dan", "a2 SELECT INBOX", "a3 IDLE")
        before = call.now_us
        await pilot.press("f5")
        assert message(app) == "Time passed: 1 s."
        assert call.now_us == before + 1_000_000
        await pilot.press("f6")
        await pilot.pause()
        assert call.now_us == before + 61_000_000
        assert "S: * 1 EXISTS" in text(app)

    await talk(steps, "mail:993")


async def test_what_is_pasted_is_typed_line_by_line() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        hand(app).line.post_message(Paste("HELO me.example\r\nMAIL FROM:<>\nRCPT"))
        await pilot.pause()
        await pilot.pause()
        assert "HAS_SENDER" in text(app)
        assert hand(app).line.value == "RCPT"

    await talk(steps)


async def test_what_was_typed_is_a_run_like_any_other() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await type_lines(pilot, app, "EHLO me.example")
        await pilot.press("f4")
        await pilot.pause()
        main = app.screen
        assert isinstance(main, MainScreen)
        assert "guest ► mail   TCP connect" in text(app)
        await pilot.press("slash", *"ehlo me", "enter", "L", "H")
        await pilot.pause()
        assert "[C] guest ► mail   EHLO me.example" in text(app)
        assert message(app) == "Tady nikdo neodpovídá: je to záznam."
        await pilot.press("ctrl+c", "escape")
        await pilot.pause()
        assert "ručně: SMTP" in text(app)
        await type_lines(pilot, app, "QUIT")
        assert "CLOSED" in text(app)
        await pilot.press("f4")
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        assert "QUIT" in [str(event) for event in app.screen.stepper.score.trace.events]
        assert "QUIT" not in [str(event) for event in main.stepper.score.trace.events]

    await visit(steps, "25", (120, 36))


async def test_saving_and_copying(tmp_path: Path) -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        await type_lines(pilot, app, "HELO me.example")
        await pilot.press("f8")
        assert message(app) == "Copied: 3 lines"
        assert app.clipboard.splitlines()[1] == "C: HELO me.example<CRLF>"
        await pilot.press(*"MAIL", "f7")
        await pilot.pause()
        assert hand(app).line.value == "mail-25.txt"
        assert "file:" in text(app)
        await pilot.press("tab", "up", "down", "f7", "enter")
        assert message(app) == f"Saved: {tmp_path / 'mail-25.txt'}"
        assert (tmp_path / "mail-25.txt").read_text("utf-8") == app.clipboard
        assert hand(app).line.value == "MAIL"
        await pilot.press("f7")
        hand(app).line.replace_text("talk.mailsim")
        await pilot.press("enter")
        assert "HELO me.example" in [str(event) for event in read_recording(tmp_path / "talk.mailsim").events]
        await pilot.press("f7")
        hand(app).line.replace_text("no/such/folder.txt")
        await pilot.press("enter")
        assert message(app).startswith("Not saved: ")
        await pilot.press("f7", "escape", "f7", "ctrl+u", "enter")
        assert hand(app).line.value == "MAIL"

    await talk(steps, folder=tmp_path)


async def test_help_language_theme_palette_and_the_way_out() -> None:
    async def steps(pilot: Pilot[None], app: StepperApp) -> None:
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        assert "Help: typing SMTP by hand" in text(app)
        await pilot.press("f1", "question_mark", "enter")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        await pilot.press("escape", "f2", "f3")
        await pilot.pause()
        assert message(app) == "Barvy: světlé"
        assert "server čeká na EHLO" in text(app)
        await pilot.press("ctrl+c")
        assert message(app) == "Esc vede zpět; tam program ukončíte klávesou q."
        named = [name for name, _ in Commands(app.screen)._commands()]
        assert any("prohlédnout si to všechno krok za krokem  (F4)" in name for name in named)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, CommandPalette)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("x", "escape", "escape")
        assert message(app) == "Dalším Esc zavěsíte a odejdete."
        await pilot.press("y", "escape", "escape")
        assert isinstance(app.screen, HandScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, ServicesScreen)
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert app.stepper.words.language == "cs"

    await visit(steps, "25")


async def test_every_key_of_the_registries_is_tested_here() -> None:
    """`send` is what Enter of the line itself does; all others are methods, and their keys stand in these files."""
    source = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_hand*.py"))
    for actions, screen in ((HAND_ACTIONS, HandScreen), (CALL_ACTIONS, ServicesScreen)):
        for action in actions:
            assert hasattr(screen, f"do_{action.name}")
            assert all(f'"{key}"' in source for key in action.keys), action


async def test_a_very_small_terminal_will_do() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        await type_lines(pilot, app, "EHLO me.example")
        await pilot.resize_terminal(40, 5)
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert "250 HELP<CRLF>" in text(app)
        assert "READY" in text(app)

    await talk(steps, size=(40, 10), language="cs")


async def test_in_ascii() -> None:
    async def steps(pilot: Pilot[None], app: Desk) -> None:
        for keys in ((), ("tab", "enter"), ("f9",), ("f1",)):
            await pilot.press(*keys)
            await pilot.pause()
            assert text(app).isascii(), keys

    try:
        await talk(steps, language="cs", ascii_only=True)
    finally:
        ScrollBar.renderer = ScrollBarRender


@pytest.mark.parametrize("language", ["en", "cs"])
def test_every_explanation_fits_the_small_screen(language: str) -> None:
    for topic, lesson in explanations(language).items():
        if topic.split(".")[0] in ("smtp", "lmtp", "imap", "pop", "tcp", "tls"):
            places = ", ".join(f"RFC {place.rfc} §{place.section}" for place in lesson.citations)
            rows = [row for part in (lesson.title, lesson.text, places) for row in wrap([Piece(part)], 77)]
            assert len(rows) + 1 <= 24 // 2, topic
