"""Mails of all shapes: nested, broken, Czech, in every encoding. Short ones, because they are read as well as run."""

from __future__ import annotations

import base64

CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _raw(head: str, body: bytes) -> bytes:
    return crlf(head) + b"\r\n" + body


HEAD = "From: Alena <alena@skola.example>\nTo: dan@skola.example\nSubject: {}\nDate: Mon, 5 Jan 2026 08:00:00 +0100\n"


def _text(subject: str, charset: str, encoding: str, body: bytes) -> bytes:
    kind = f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n"
    return _raw(HEAD.format(subject) + kind, body)


def _quoted(text: str, charset: str) -> bytes:
    return b"".join(
        b"=%02X" % octet if octet > 126 or octet == 61 else bytes([octet]) for octet in text.encode(charset)
    )


NESTED = crlf("""\
From: a@skola.example
To: b@firma.example
Subject: nested
Date: Tue, 6 Jan 2026 09:30:00 +0000
Message-ID: <nested@skola.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

This is the preamble.
--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Content-Language: cs

P=C5=99=C3=ADli=C5=A1
--inner
Content-Type: text/html; charset=utf-8
Content-ID: <html@skola.example>
Content-Location: http://www.skola.example/

<p>hello</p>
--inner--
--outer
Content-Type: message/rfc822
Content-Description: a forwarded mail

From: Inner Person <inner@firma.example>
To: Other <other@firma.example>
Subject: inside
Date: Sun, 4 Jan 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=deep

--deep
Content-Type: text/plain

deep text
--deep
Content-Type: image/png; name="dot.png"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="dot.png"; size=12
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

iVBORw0KGgoA
AAAN
--deep--
--outer
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment;
 filename="a.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--outer--
This is the epilogue.
""")

MAILS: dict[str, bytes] = {
    "tiny": b"\r\n",
    "header only": crlf("Subject: no body\n"),
    "header and blank": crlf("Subject: no body\n\n"),
    "body only": crlf("\nno header at all\n"),
    "simple": crlf(HEAD.format("simple") + "Message-ID: <simple@skola.example>\n\nhello\nworld\n"),
    "no newline at the end": crlf("From: a@b.example\nSubject: x\n\nno end"),
    "nested": NESTED,
    "utf-8 qp": _text("qp", "utf-8", "quoted-printable", _quoted(CZECH, "utf-8") + b"\r\n"),
    "utf-8 base64": _text("b64", "utf-8", "base64", base64.encodebytes(CZECH.encode()).replace(b"\n", b"\r\n")),
    "utf-8 8bit": _text("8bit", "utf-8", "8bit", CZECH.encode() + b"\r\n"),
    "latin2 8bit": _text("latin2", "iso-8859-2", "8bit", CZECH.encode("iso-8859-2") + b"\r\n"),
    "cp1250 qp": _text("cp1250", "windows-1250", "QUOTED-PRINTABLE", _quoted(CZECH, "cp1250") + b"\r\n"),
    "unknown charset": _text("odd", "x-unknown", "8bit", CZECH.encode() + b"\r\n"),
    "unknown encoding": _text("odd", "us-ascii", "x-uuencode", b"begin 644 a\r\n#86)C\r\n`\r\nend\r\n"),
    "soft breaks": _text("soft", "us-ascii", "quoted-printable", b"one =\r\ntwo=20\r\n=3D three=\r\n"),
    "encoded words": crlf(
        "From: =?utf-8?q?Ale=C5=A1?= =?utf-8?b?IE5vdsOhaw==?= <ales@skola.example>\n"
        "To: =?iso-8859-2?Q?Bo=F8ek?= <borek@firma.example>, =?utf-8?q?=C5=BDofie?= <zofie@firma.example>\n"
        "Subject: =?utf-8?q?P=C5=99=C3=ADli=C5=A1_=C5=BElu=C5=A5ou=C4=8Dk=C3=BD?=\n =?utf-8?q?_k=C5=AF=C5=88?=\n"
        "Date: Thu, 8 Jan 2026 23:59:59 -1200\n\nbody\n"
    ),
    "folded": crlf(
        "From: a@b.example\nSubject: a subject that is\n folded twice\n\tand once with a tab\n"
        "To: one@skola.example,\n two@skola.example,\n  three@skola.example\nX-Long: a\n b\n c\n\nbody\n"
    ),
    "groups": crlf(
        "From: a@b.example\nTo: Friends: jan@skola.example, Eva <eva@skola.example>;, single@firma.example\n"
        "Cc: undisclosed-recipients:;\nReply-To: List Owner <owner@list.example>\n"
        "Sender: secretary@skola.example\nSubject: groups\nIn-Reply-To: <one@x.example> <two@x.example>\n\nx\n"
    ),
    "quoted names": crlf(
        'From: "Novák, Jan" <jan@skola.example>\nTo: "a \\"quoted\\" name" <q@skola.example>\n'
        'Cc: "odd local"@skola.example, (comment) c@skola.example (real name)\nBcc: <bcc@skola.example>\n'
        "Subject: \n\nx\n"
    ),
    "no boundary": crlf("MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n--x\n\ntext\n--x--\n"),
    "boundary never comes": crlf("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\njust text\n"),
    "unclosed": crlf(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\n\none\n--b\nContent-Type: text/html\n\n<p>\n"
    ),
    "boundary with tail": crlf(
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
        "--b  \n\none\n--bb\nstill one\n--b--  \nend\n"
    ),
    "inner boundary is a prefix": crlf(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: multipart/mixed; boundary=b2\n\n--b2\n\ninner\n--b2--\n--b\n\nouter\n--b--\n"
    ),
    "empty parts": crlf("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\n\n\n--b--\n"),
    "part without blank line": crlf(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/html\n--b\n\nx\n--b--\n"
    ),
    "digest": crlf(
        'MIME-Version: 1.0\nContent-Type: multipart/digest; boundary="d"\n\n'
        "--d\n\nFrom: a@b.example\nSubject: one\n\n1\n--d\nContent-Type: text/plain\n\n2\n--d--\n"
    ),
    "mail in mail in mail": crlf(
        "Subject: 1\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n"
        "Subject: 2\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\nSubject: 3\nFrom: x@y.example\n\nthree\n"
    ),
    "continued parameters": crlf(
        "MIME-Version: 1.0\nContent-Type: application/octet-stream; name*0=long; name*1=-name; name*2=.bin\n"
        "Content-Disposition: attachment; filename*=utf-8''p%C5%99%C3%ADloha.bin\n"
        "Content-Transfer-Encoding: base64\n\nAAECAw==\n"
    ),
    "odd types": crlf("MIME-Version: 1.0\nContent-Type: text\nContent-Transfer-Encoding:\n\ntext\n"),
    "type with comment": crlf("MIME-Version: 1.0\nContent-Type: text/html (comment); charset=utf-8 (x)\n\n<p>\n"),
    "many languages": crlf(
        "MIME-Version: 1.0\nContent-Type: text/plain\nContent-Language: cs, en, de\nContent-Base: x\n"
        "Content-Location: file.txt\nContent-Disposition: inline\n\nx\n"
    ),
    "two of each": crlf(
        "From: a@b.example\nFrom: c@d.example\nSubject: first\nSubject: second\nTo: x@y.example\nTo: z@y.example\n\nx\n"
    ),
    "junk in the header": crlf("From: a@b.example\nthis is no field\nSubject: after junk\n: empty name\n\nx\n"),
    "colon with spaces": crlf("From : a@b.example\nSubject  : spaced\n\nx\n"),
    "8-bit header": "From: Bořek <borek@firma.example>\r\nSubject: Žluťoučký\r\n\r\nx\r\n".encode(),
    "long line": crlf("From: a@b.example\nSubject: long\n\n" + "x" * 5000 + "\n"),
    "dates": crlf("Date: Fri, 21 Nov 1997 09:55:06 -0600 (CST)\nFrom: a@b.example\n\nx\n"),
    "old date": crlf("Date: 21 Nov 97 09:55 GMT\nFrom: a@b.example\n\nx\n"),
    "no date": crlf("From: a@b.example\nSubject: undated\n\nx\n"),
    "broken base64": _text("b64", "us-ascii", "base64", b"aGVsbG8*gd29y\r\nbGQ\r\n"),
    "binary in base64": _raw(
        HEAD.format("bin") + "MIME-Version: 1.0\nContent-Type: application/x-bin\nContent-Transfer-Encoding: base64\n",
        b"AAEC/w==\r\n",
    ),
}
"""By a name that says what is special about it."""
