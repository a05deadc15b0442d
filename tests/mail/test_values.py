"""Addresses, envelopes and queue ids."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsim.mail.address import Address
from mailsim.mail.envelope import NULL_PATH, Envelope, Wish
from mailsim.mail.queue_id import queue_id, queue_ids

QUICK = settings(derandomize=True, deadline=None, max_examples=200)


class TestAddress:
    @pytest.mark.parametrize(
        "text",
        [
            "alena@skola.example",
            "a.b+c@skola.example",
            '"two words"@skola.example',
            '"a@b"@skola.example',
            "dan@[192.0.2.1]",
            "dan@[IPv6:2001:db8::1]",
            "bořek@žluťásek.example",
            "x@localhost",
        ],
    )
    def test_round_trip(self, text: str) -> None:
        assert str(Address.parse(text)) == text

    def test_quotes_that_are_not_needed_go(self) -> None:
        assert str(Address.parse('"alena"@skola.example')) == "alena@skola.example"
        assert str(Address.parse('"a\\"b\\c"@skola.example')) == '"a\\"bc"@skola.example'
        assert str(Address.parse('"a\\\\c"@skola.example')) == '"a\\\\c"@skola.example'

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "alena",
            "@skola.example",
            "alena@",
            "a b@skola.example",
            ".a@skola.example",
            "a..b@skola.example",
            "a@-x.example",
            "a@x..example",
            "a@x.example.",
            "a@under_score.example",
            "a@[300.1.1.1]",
            "a@[IPv6:zz]",
            "a@[IPv6:fe80::1%eth0]",
            "a@[192.0.2.1",
            '"a@skola.example',
            '"a"skola.example',
            '"a\r\nb"@skola.example',
            "a@skola.example\r\n",
            "x" * 65 + "@skola.example",
            "a@" + "x" * 64,
        ],
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"\w"):
            Address.parse(text)

    def test_only_the_domain_ignores_case(self) -> None:
        alena = Address.parse("alena@Skola.Example")
        assert alena == Address.parse("alena@skola.example")
        assert len({alena, Address.parse("alena@SKOLA.EXAMPLE")}) == 1
        assert alena != Address.parse("Alena@skola.example")
        assert alena.is_in("SKOLA.example")
        assert not alena.is_literal
        assert alena != "alena@skola.example"

    @QUICK
    @given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
    def test_any_printable_local_part_survives(self, local: str) -> None:
        address = Address(local, "skola.example")
        assert Address.parse(str(address)) == address

    @QUICK
    @given(st.text(max_size=40))
    def test_garbage_is_an_address_or_a_value_error(self, text: str) -> None:
        try:
            address = Address.parse(text)
        except ValueError:
            return
        assert Address.parse(str(address)) == address


def test_envelope() -> None:
    envelope = Envelope("alena@skola.example", ("dan@skola.example", "borek@firma.example"))
    assert envelope.to("borek@firma.example") == Envelope("alena@skola.example", ("borek@firma.example",))
    assert not envelope.is_notification
    assert Envelope(NULL_PATH, ("alena@skola.example",)).is_notification


def test_wishes_about_notifications_go_with_their_recipient() -> None:
    wishes = {
        "a@x.example": Wish(frozenset({"SUCCESS", "DELAY"}), "rfc822;A@x.example"),
        "b@x.example": Wish(frozenset()),
    }
    envelope = Envelope("s@y.example", ("a@x.example", "b@x.example", "c@x.example"), "HDRS", "id-1", wishes)
    assert envelope.to("b@x.example") == Envelope(
        "s@y.example", ("b@x.example",), "HDRS", "id-1", {"b@x.example": Wish(frozenset())}
    )
    assert [envelope.wish(name).wants("FAILURE") for name in envelope.recipients] == [False, False, True]
    assert [envelope.wish(name).wants("SUCCESS") for name in envelope.recipients] == [True, False, False]
    one = envelope.redirected({"a@x.example": ("d@x.example",)})
    assert one.recipients == ("d@x.example", "b@x.example", "c@x.example")
    assert one.wish("d@x.example") == wishes["a@x.example"]
    assert (Wish(orcpt="rfc822;a+2Bb@x.example").original, Wish().original) == ("rfc822;a+b@x.example", "")
    assert Wish(orcpt="utf-8;ji\\x{159}\\x{ED}@x.example").original == "utf-8;jiří@x.example"
    assert Envelope("", (), envid="a+3Db").envelope_id == "a=b"
    several = envelope.redirected({"a@x.example": ("d@x.example", "c@x.example")})
    assert several.recipients == ("d@x.example", "c@x.example", "b@x.example")
    assert several.wish("c@x.example") == Wish(frozenset({"DELAY"}), "rfc822;A@x.example")


class TestQueueIds:
    def test_always_the_same(self) -> None:
        assert list(islice(queue_ids("mail.skola.example/mta"), 3)) == ["52S2SL2222", "52S2SL2223", "52S2SL2224"]

    @QUICK
    @given(st.integers(0, 10**9), st.integers(0, 10**9))
    def test_numbers_never_meet(self, one: int, other: int) -> None:
        assert (queue_id("mta", one) == queue_id("mta", other)) == (one == other)

    def test_components_differ(self) -> None:
        assert len({queue_id(f"host{n}", 0) for n in range(500)}) == 500

    def test_nothing_before_the_first(self) -> None:
        with pytest.raises(ValueError, match="zero"):
            queue_id("mta", -1)
