"""In which order name servers are asked: chance between equals, then experience."""

from __future__ import annotations

from collections import Counter
from random import Random

import dns.name

from mailsim.protocols.dns import Server, ServerBook, name_of

S = 1_000_000
ZONE = name_of("firma.example")
SERVERS = [
    Server(name_of("ns1.firma.example"), ("192.0.2.1", "2001:db8::1")),
    Server(name_of("ns2.firma.example"), ("192.0.2.2", "2001:db8::2")),
    Server(name_of("ns3.firma.example"), ("192.0.2.3",)),
]


def order(book: ServerBook, now_us: int = 0, zone: dns.name.Name = ZONE) -> list[str]:
    return [address for _, address in book.in_order(zone, SERVERS, now_us)]


def test_new_servers_share_the_work_and_one_after_the_other_gets_a_chance():
    book = ServerBook(Random(1))
    orders = [order(book) for _ in range(300)]
    assert set(Counter(addresses[0] for addresses in orders)) == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    for addresses in orders:
        assert {address[:5] for address in addresses[:3]} == {"192.0"}  # all hosts before any second address


def test_the_same_seed_gives_the_same_order():
    assert [order(ServerBook(Random(7))) for _ in range(3)] == [order(ServerBook(Random(7))) for _ in range(3)]
    book, other = ServerBook(Random(7)), ServerBook(Random(8))
    assert [order(book) for _ in range(9)] != [order(other) for _ in range(9)]


def test_without_chance_the_order_of_the_delegation_stays():
    assert order(ServerBook()) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2"]


def test_a_fast_server_is_preferred_to_a_slow_one():
    book = ServerBook(Random(1))
    for address, took_us in (("192.0.2.1", 300_000), ("192.0.2.2", 20_000), ("192.0.2.3", 180_000)):
        book.answered(address, took_us)
    firsts = {order(book)[0] for _ in range(50)}
    assert "192.0.2.1" not in firsts
    assert "192.0.2.2" in firsts


def test_one_slow_answer_does_not_make_a_slow_server():
    book = ServerBook()
    for took_us in (10_000, 10_000, 200_000):
        book.answered("192.0.2.1", took_us)
    assert order(book)[0] == "192.0.2.1"


def test_who_stays_silent_rests_twice_as_long_each_time():
    book = ServerBook()
    book.stayed_silent("192.0.2.1", 0)
    assert order(book, 9 * S)[-1] == "192.0.2.1"
    assert order(book, 10 * S)[0] == "192.0.2.1"
    book.stayed_silent("192.0.2.1", 10 * S)
    assert order(book, 29 * S)[-1] == "192.0.2.1"
    assert order(book, 30 * S)[0] == "192.0.2.1"
    for _ in range(60):
        book.stayed_silent("192.0.2.1", 30 * S)
    assert order(book, 930 * S)[0] == "192.0.2.1"  # never longer than a quarter of an hour


def test_an_answer_ends_the_rest():
    book = ServerBook()
    book.stayed_silent("192.0.2.1", 0)
    book.answered("192.0.2.1", 10_000)
    assert order(book, S)[0] == "192.0.2.1"


def test_a_lame_server_rests_from_that_zone_alone():
    book = ServerBook()
    book.was_lame(ZONE, "192.0.2.1", 0)
    assert order(book, S)[-1] == "192.0.2.1"
    assert order(book, S, name_of("zaloha.example"))[0] == "192.0.2.1"
    assert order(book, 901 * S)[0] == "192.0.2.1"


def test_a_server_without_addresses_has_no_place():
    assert ServerBook(Random(1)).in_order(ZONE, [Server(ZONE)], 0) == []
