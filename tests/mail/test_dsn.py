"""Bounces, read back by the standard library's parser."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

import pytest

from mailsim.mail.dsn import Action, RecipientStatus, delivery_status_notification, status_code

START_US = 1_756_713_600_000_000
ORIGINAL = b"Subject: =?utf-8?q?=C5=BE?=\r\nMessage-ID: <1@skola.example>\r\n\r\nP\xc5\x99\xc3\xadloha\r\n"
NOBODY = RecipientStatus(
    "nikdo@firma.example",
    Action.FAILED,
    "5.1.1",
    "550 5.1.1 <nikdo@firma.example> žádný\r\nsuch user",
    "mx.firma.example",
    last_attempt_us=START_US,
)
LATE = RecipientStatus("pozdni@firma.example", Action.DELAYED, "4.4.1", will_retry_until_us=START_US + 1_000_000)


def bounce(return_full: bool = True, original: bytes = ORIGINAL) -> EmailMessage:
    content = delivery_status_notification(
        reporting_mta="mail.skola.example",
        to="alena@skola.example",
        recipients=[NOBODY, LATE],
        original=original,
        subject="Nedoručitelná zpráva",
        text="Zprávu se nepodařilo doručit.\n",
        date_us=START_US,
        utc_offset_minutes=120,
        message_id="<2@mail.skola.example>",
        sender_name="Poštovní server",
        arrival_us=START_US - 1_000_000,
        return_full=return_full,
    )
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not any(part.defects for part in message.walk())
    return message


def groups(message: EmailMessage) -> list[dict[str, str]]:
    report = message.get_payload(1)
    assert isinstance(report, Message)
    blocks = report.get_payload()
    assert isinstance(blocks, list)
    return [dict(block.items()) for block in blocks if isinstance(block, Message)]


def test_it_goes_to_the_reverse_path_and_says_that_a_machine_wrote_it() -> None:
    message = bounce()
    assert message["To"] == "alena@skola.example"
    assert message["From"].addresses[0].addr_spec == "MAILER-DAEMON@mail.skola.example"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Subject"] == "Nedoručitelná zpráva"
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"


def test_three_parts_in_the_order_of_rfc_6522() -> None:
    text, report, returned = bounce().iter_parts()
    assert isinstance(text, EmailMessage)
    assert text.get_content().splitlines() == ["Zprávu se nepodařilo doručit."]
    assert report.get_content_type() == "message/delivery-status"
    assert returned.get_content_type() == "message/rfc822"


def test_fields_for_programs() -> None:
    about, nobody, late = groups(bounce())
    assert about == {
        "Reporting-MTA": "dns; mail.skola.example",
        "Arrival-Date": "Mon, 01 Sep 2025 09:59:59 +0200",
    }
    assert nobody == {
        "Final-Recipient": "rfc822; nikdo@firma.example",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.firma.example",
        "Diagnostic-Code": "smtp; 550 5.1.1 <nikdo@firma.example> \\u017e\\xe1dn\\xfd such user",
        "Last-Attempt-Date": "Mon, 01 Sep 2025 10:00:00 +0200",
    }
    assert late["Action"] == "delayed"
    assert late["Will-Retry-Until"] == "Mon, 01 Sep 2025 10:00:01 +0200"
    assert "Remote-MTA" not in late


def test_the_original_comes_back_whole_or_as_its_header() -> None:
    whole = bounce().get_payload(2)
    assert isinstance(whole, EmailMessage)
    assert whole.get_payload(0)["Message-ID"] == "<1@skola.example>"  # type: ignore[index]
    headers = bounce(return_full=False).get_payload(2)
    assert isinstance(headers, EmailMessage)
    assert headers.get_content_type() == "text/rfc822-headers"
    payload = headers.get_payload()
    assert isinstance(payload, str)
    assert payload.splitlines() == ["Subject: =?utf-8?q?=C5=BE?=", "Message-ID: <1@skola.example>"]


def test_eight_bits_inside_are_announced_outside() -> None:
    assert bounce()["Content-Transfer-Encoding"] == "8bit"
    assert bounce(return_full=False)["Content-Transfer-Encoding"] is None
    assert bounce(original=b"Subject: x\r\n\r\nx")["Content-Transfer-Encoding"] is None


def test_status_of_a_reply() -> None:
    assert status_code(550, "5.1.1") == "5.1.1"
    assert status_code(550) == "5.0.0"
    assert status_code(451) == "4.0.0"


@pytest.mark.parametrize("missing", [{"to": ""}, {"recipients": []}])
def test_nothing_to_say_or_nobody_to_say_it_to(missing: dict[str, object]) -> None:
    arguments: dict[str, object] = {
        "reporting_mta": "m.example",
        "to": "a@b.example",
        "recipients": [NOBODY],
        "original": b"",
        "subject": "",
        "text": "",
        "date_us": 0,
        "utc_offset_minutes": 0,
        "message_id": "<1@m.example>",
    }
    with pytest.raises(ValueError, match="notification"):
        delivery_status_notification(**(arguments | missing))  # type: ignore[arg-type]
