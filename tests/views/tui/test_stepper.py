"""The cursor over the steps, without a terminal."""

from __future__ import annotations

import pytest

from mailsim.trace.levels import Level
from mailsim.views.tui.score import Score
from mailsim.views.tui.stepper import SPEEDS, Stepper
from mailsim.views.tui.telling import Shape
from tests.views.tui.synthetic import MAIL, MX2, PC, failover


@pytest.fixture
def stepper() -> Stepper:
    return Stepper(Score(failover()), "en")


def test_back_is_the_inverse_of_next_at_every_position(stepper: Stepper) -> None:
    for position in range(stepper.last):
        assert stepper.position == position
        assert stepper.next()
        assert stepper.back()
        assert stepper.position == position
        stepper.next()
    assert not stepper.next()
    assert stepper.position == stepper.last


def test_the_ends_stop(stepper: Stepper) -> None:
    assert not stepper.back()
    assert stepper.event is None
    assert stepper.move_to(10**9)
    assert stepper.position == stepper.last
    assert not stepper.next()
    assert not stepper.next_stage()


def test_stages_forwards_are_stages_backwards(stepper: Stepper) -> None:
    seen = []
    while stepper.next_stage():
        seen.append(stepper.position)
    assert len(seen) == len(stepper.score.stages) >= 5
    back = [stepper.position]
    while stepper.previous_stage() and stepper.position:
        back.append(stepper.position)
    assert back == seen[::-1]


def test_previous_stage_goes_first_to_the_beginning_of_this_one(stepper: Stepper) -> None:
    stepper.next_stage()
    stepper.next_stage()
    begin = stepper.position
    stepper.next()
    stepper.next()
    assert stepper.previous_stage()
    assert stepper.position == begin


def test_zooming_round_comes_back_to_the_same_step(stepper: Stepper) -> None:
    for position in range(stepper.last + 1):
        stepper.move_to(position)
        level = stepper.level
        for _ in Level:
            stepper.zoom_level()
        assert (stepper.level, stepper.position) == (level, position)


def test_level_one_opens_at_the_story() -> None:
    assert Stepper(Score(failover(1, "story")), "en").level is Level.STORY
    assert Stepper(Score(failover(1, "story")), "en", Level.PACKET).level is Level.PACKET


@pytest.mark.parametrize("where", ["12", "t0.05", "t0,05", "t0:30", "s2", "smtp.reply", "dns", "queue.defer"])
def test_go_to_finds_places(stepper: Stepper, where: str) -> None:
    assert stepper.go_to(where)
    event = stepper.event
    assert event is not None
    if where[0] == "t":
        after = stepper.seq_at(stepper.position + 1)
        seconds = {"t0:30": 30.0}.get(where, 0.05)
        assert event.at <= seconds * 1e6 < stepper.score.trace.events[after].at
    elif where.isdecimal():
        assert stepper.position == 12
    elif where == "s2":
        assert stepper.stage_number == 1
    else:
        assert event.kind.startswith(where)


@pytest.mark.parametrize(
    "where", ["", "9999", "s99", "t", "tx", "t1:2:3:4", "t-5", "tnan", "tinf", "nonsense", "s0", "²"]
)
def test_go_to_nowhere_stays(stepper: Stepper, where: str) -> None:
    stepper.move_to(5)
    assert not stepper.go_to(where)
    assert stepper.position == 5


def test_find_goes_round(stepper: Stepper) -> None:
    found = [stepper.find("quit")]
    assert found[0] is not None
    assert not found[0].wrapped
    stepper.move_to(stepper.last)
    again = stepper.find("QUIT")
    assert again is not None
    assert again.wrapped
    assert again.position == found[0].position
    back = stepper.find("4f1c2", forward=False)
    assert back is not None
    assert not back.wrapped
    assert stepper.find("no such words") is None
    assert stepper.find("   ") is None


def test_find_sees_text_that_the_ladder_cuts(stepper: Stepper) -> None:
    found = stepper.find("tečka na začátku")
    assert found is not None
    assert stepper.telling(found.position).shape is Shape.DOUBLE


def test_bookmarks_go_round(stepper: Stepper) -> None:
    assert not stepper.next_bookmark()
    for position in (3, 9):
        stepper.move_to(position)
        assert stepper.toggle_bookmark()
    stepper.move_to(5)
    places = []
    for _ in range(3):
        stepper.next_bookmark()
        places.append(stepper.position)
    assert places == [9, 3, 9]
    assert not stepper.toggle_bookmark()


def test_speed_stays_within_its_limits(stepper: Stepper) -> None:
    for _ in range(20):
        stepper.change_speed(1)
    assert stepper.speed == SPEEDS[-1]
    for _ in range(20):
        stepper.change_speed(-1)
    assert stepper.speed == SPEEDS[0]


def test_tellings(stepper: Stepper) -> None:
    told = {stepper.telling(i).text: stepper.telling(i) for i in range(1, stepper.last + 1)}
    mail = told["MAIL FROM:<alena@skola.example>"]
    assert (mail.shape, mail.mark, mail.sign) == (Shape.SOLID, "C:", "")
    late = told["421 4.3.2 Service shutting down"]
    assert (late.shape, late.mark, late.sign) == (Shape.DASHED, "S:", "later")
    silent = next(t for text, t in told.items() if text.startswith("no answer from"))
    assert silent.lost
    assert silent.sign == "later"
    ehlo = next(t for text, t in told.items() if text.startswith("250 mail.skola.example"))
    assert len(ehlo.lines) == 5
    assert told["4F1C2: attempt 1 for borek@firma.example"].target == ""


def test_the_responsible_host_changes_hands(stepper: Stepper) -> None:
    held = []
    for position in range(stepper.last + 1):
        stepper.move_to(position)
        who = stepper.score.responsible(stepper.seq)
        if not held or held[-1] != who:
            held.append(who)
    flat = list(dict.fromkeys(name for who in held for name in who))
    assert held[0] == ()
    assert flat[:3] == [PC, MAIL, MX2]
