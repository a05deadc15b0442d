"""Whatever comes, in whatever pieces: the server answers, answers the same, and never raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.errors import LocalProtocolError
from mailsim.protocols.smtp import SmtpServerConfig
from mailsim.protocols.smtp.grammar import GrammarError
from tests.protocols.smtp.small_world import WAYS, SmallWorld

PIECES = st.sampled_from(
    [
        b"EHLO x\r\n",
        b"LHLO x\r\n",
        b"HELO x\r\n",
        b"MAIL FROM:<a@b.example>\r\n",
        b"MAIL FROM:<> SIZE=99999\r\n",
        b"RCPT TO:<c@d.example>\r\n",
        b"RCPT TO:<nobody@d.example>\r\n",
        b"DATA\r\n",
        b"RSET\r\n",
        b"NOOP\n",
        b"AUTH PLAIN\r\n",
        b"AUTH LOGIN YWxlbmE=\r\n",
        b"AGFsZW5hAHRham5lIGhlc2xv\r\n",
        b"*\r\n",
        b".\r\n",
        b".",
        b"\r",
        b"\n",
        b"\r\n",
        b"x" * 600,
        b"y" * 13000 + b"\r\n",
        b"\xff\x00",
        b"VRFY ",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=25).map(b"".join), st.booleans(), st.booleans())
@settings(derandomize=True, deadline=None, max_examples=120)
def test_the_pieces_do_not_matter(stream: bytes, is_lmtp: bool, enhanced: bool) -> None:
    answers = set()
    for name in ("whole", "chopped", "byte by byte"):
        world = SmallWorld(
            is_lmtp=is_lmtp, enhanced_status_codes=enhanced, auth_mechanisms=("PLAIN", "LOGIN"), size_limit=1500
        )
        pieces = WAYS[name](stream) if stream else []
        heard = world.connect() + b"".join(map(world.receive, pieces))
        answers.add((heard, world.server.state, str(world.mails)))
        for line in heard.split(b"\r\n")[:-1]:
            assert line[:3].isdigit()
            assert line[3:4] in (b" ", b"-")
            assert len(line) <= 510
    assert len(answers) == 1


def test_a_configuration_that_cannot_be() -> None:
    with pytest.raises(LocalProtocolError, match="GSSAPI"):
        SmtpServerConfig(hostname="mx.firma.example", auth_mechanisms=("PLAIN", "GSSAPI"))
    with pytest.raises(GrammarError):
        SmtpServerConfig(hostname="under_score")
