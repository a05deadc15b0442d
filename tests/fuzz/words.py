"""What the languages are made of: a fuzzer finds its way faster with a dictionary."""

from __future__ import annotations

WORDS: dict[str, tuple[str, ...]] = {
    "smtp": (
        *(
            "EHLO a",
            "HELO a",
            "MAIL FROM:<",
            "RCPT TO:<",
            "DATA",
            "BDAT ",
            " LAST",
            "RSET",
            "VRFY ",
            "QUIT",
            "AUTH PLAIN",
        ),
        *(
            "STARTTLS",
            "> SIZE=",
            "> BODY=8BITMIME",
            "> SMTPUTF8",
            "> RET=HDRS",
            "> ENVID=",
            "> NOTIFY=",
            "> ORCPT=rfc822;",
        ),
        *(".\r\n", "\r\n.\r\n", "\r\n", "250-", "250 ", "354 ", "421 ", "[IPv6:", "@a,@b:", '"\\"', "+2B"),
    ),
    "imap": (
        *(
            "a FETCH 1:* (",
            "BODY[",
            "HEADER.FIELDS (",
            "a SEARCH ",
            "a APPEND INBOX {3}\r\n",
            "{3+}\r\n",
            "a STORE 1 +FLAGS (",
        ),
        *(
            "a UID ",
            "a IDLE\r\n",
            "DONE\r\n",
            "* 1 FETCH (",
            "* OK [",
            "a OK",
            "~{3}\r\n",
            "a LIST (",
            "RETURN (",
            "a STATUS ",
        ),
        *(
            "a AUTHENTICATE PLAIN",
            "a ENABLE ",
            "a NAMESPACE",
            "CHARSET UTF-8 ",
            "MODSEQ",
            "\r\n",
            "]<0.5>",
            "a SELECT INBOX (",
        ),
    ),
    "pop3": (
        *(
            "USER a\r\n",
            "PASS b\r\n",
            "STAT\r\n",
            "LIST",
            "RETR 1",
            "DELE 1",
            "TOP 1 1",
            "UIDL",
            "NOOP",
            "RSET",
            "QUIT",
        ),
        *("CAPA", "AUTH PLAIN", "APOP a ", "STLS", "+OK", "-ERR", "+ ", "\r\n", ".\r\n"),
    ),
    "dns": ("\x00\x01\x00\x01", "\xc0\x0c", "\x05firma\x07example\x00", "\x00\x00\x29\x04\xd0", "\x00\x0f\x00\x01"),
}
"""Parser -> words of its language."""
