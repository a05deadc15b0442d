"""The parts without a terminal: boxes, canvas, map, text, arrangement, row index, messages."""

from __future__ import annotations

import string
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from mailsim.lessons.ui import MESSAGES, Words
from mailsim.trace.trace import Trace
from mailsim.views.tui.actions import ACTIONS, Group
from mailsim.views.tui.arrangement import BIG_PANES, TAB_PANES, Layout, arrange
from mailsim.views.tui.atlas import Atlas, shortened
from mailsim.views.tui.box import HEAVY, LIGHT, glyph
from mailsim.views.tui.canvas import Canvas
from mailsim.views.tui.inks import DARK, Ink
from mailsim.views.tui.map_graph import SERVERS, MapGraph
from mailsim.views.tui.map_layout import lay_out, overlaps
from mailsim.views.tui.row_index import RowIndex
from mailsim.views.tui.score import Score
from mailsim.views.tui.text import Piece, by_words, chopped, cut, width_of, wrap
from tests.views.tui.synthetic import MAIL, MX1, MX2, NS, PC, PHONE, RESOLVER, ROOT, WEB, failover

# --- boxes and canvas ---------------------------------------------------------------------------


def test_there_is_a_character_for_every_joint() -> None:
    drawn = [glyph((a, b, c, d)) for a, b, c, d in product((0, LIGHT, HEAVY), repeat=4)]
    assert len(set(drawn)) == 81
    assert glyph((LIGHT, LIGHT, LIGHT, 0)) == "├"
    assert glyph((HEAVY, LIGHT, HEAVY, 0)) == "┠"
    assert glyph((0, LIGHT, LIGHT, 0)) == "╭"


def test_lines_join_where_they_meet() -> None:
    canvas = Canvas(7, 3)
    canvas.box(0, 0, 3, 3, Ink.TEXT)
    canvas.line([(2, 1), (3, 1), (4, 1)], Ink.TEXT, HEAVY, head=True)
    rows = [strip.text for strip in canvas.strips(DARK)]
    assert rows == ["╭─╮    ", "│ ┝━►  ", "╰─╯    "]


# --- the map ------------------------------------------------------------------------------------


def test_mail_flows_to_the_right() -> None:
    atlas = Atlas.of(failover())
    assert [atlas.columns[name] for name in (PC, MAIL, MX1, MX2, PHONE)] == [0, 1, 2, 2, 3]
    assert atlas.order.index(PC) < atlas.order.index(MAIL) < atlas.order.index(MX1) < atlas.order.index(PHONE)


def test_a_fault_is_no_deed_of_the_host() -> None:
    atlas = Atlas.of(failover())
    fault = next(e.seq for e in failover().events if e.kind == "fault.start")
    assert atlas.first_seen[MX1] > fault


def test_preferences_are_not_told_before_the_dns_told_them() -> None:
    trace = failover()
    atlas = Atlas.of(trace)
    decided = next(e.seq for e in trace.events if e.kind == "route.decide")
    assert atlas.preference(MX1, decided - 1) is None
    assert (atlas.preference(MX1, decided), atlas.preference(MX2, decided)) == (10, 20)
    assert atlas.preference(PC, len(trace.events)) is None


@pytest.mark.parametrize(
    ("room", "shown"),
    [(30, "MSA+MTA+MDA+IMAP+POP3"), (18, "MSA+MTA+MDA+IMAP+1"), (12, "MSA+MTA+3"), (8, "MSA+4"), (4, "MSA…")],
)
def test_a_title_without_room_loses_whole_roles_and_says_how_many(room: int, shown: str) -> None:
    assert shortened("MSA+MTA+MDA+IMAP+POP3", room) == shown


@pytest.mark.parametrize("size", [(58, 9), (62, 11), (76, 14), (118, 30), (30, 7), (14, 40)])
def test_boxes_never_overlap_and_lines_never_cross_boxes(size: tuple[int, int]) -> None:
    layout = lay_out(MapGraph.of(Atlas.of(failover())), *size)
    assert not overlaps(layout.boxes.values())
    assert set(layout.boxes) | set(layout.hidden) == {PC, MAIL, RESOLVER, ROOT, NS, MX1, MX2, PHONE, WEB}
    for box in layout.boxes.values():
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= size[0]
        assert box.y + box.height <= size[1]
    for (one, other), route in layout.routes.items():
        inside = [p for p in route[1:-1] for box in layout.boxes.values() if box.holds(*p)]
        assert not inside
        assert layout.boxes[one].holds(*route[0])
        assert layout.boxes[other].holds(*route[-1])
        assert all(abs(a - c) + abs(b - d) == 1 for (a, b), (c, d) in pairwise(route))


def test_the_mail_nodes_stay_when_there_is_no_room() -> None:
    layout = lay_out(MapGraph.of(Atlas.of(failover())), 62, 7)
    assert {PC, MAIL, MX1, MX2, PHONE} <= set(layout.boxes)
    assert layout.hidden


def test_many_name_servers_share_one_box() -> None:
    trace = failover()
    atlas = Atlas.of(trace)
    assert SERVERS not in MapGraph.of(atlas).order
    extra = "ns2.firma.example"
    atlas.nodes[extra] = atlas.nodes[NS]
    atlas.first_seen[extra] = 5
    atlas.columns[extra] = 2
    atlas.order = (*atlas.order, extra)
    graph = MapGraph.of(atlas)
    assert set(graph.members[SERVERS]) == {ROOT, NS, extra}
    assert graph.graph.has_edge(RESOLVER, SERVERS)


# --- text ---------------------------------------------------------------------------------------

_texts = st.text(alphabet=string.ascii_letters + "    ěščř漢字.,", max_size=120)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(_texts, st.integers(4, 40))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = wrap([Piece(text)], width)
    shown = "".join(piece.text for line in lines for piece in line)
    assert shown.replace(" ", "") == text.replace(" ", "")
    assert all(cell_len("".join(p.text for p in line).rstrip()) <= width for line in lines)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(_texts, st.integers(4, 40))
def test_chopping_loses_nothing(text: str, width: int) -> None:
    parts = chopped(text, width)
    assert "".join(parts) == text
    assert all(cell_len(part) <= width for part in parts)
    assert all(cell_len(part.rstrip()) <= width for part in by_words(text, width))


@settings(derandomize=True, deadline=None, max_examples=150)
@given(_texts, st.integers(0, 40))
def test_what_is_cut_shows_that_it_is_cut(text: str, width: int) -> None:
    shown = cut(text, width)
    assert cell_len(shown) <= width
    assert shown == text or width == 0 or shown.endswith("…")


def test_continued_rows_hang() -> None:
    lines = wrap([Piece("one two three")], 8, indent=2)
    assert ["".join(p.text for p in line) for line in lines] == ["one two ", "  three"]
    assert width_of([Piece("漢字"), Piece("a")]) == 5


# --- arrangement --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (109, 60), (110, 30), (120, 36), (169, 45), (170, 45), (300, 90)])
@pytest.mark.parametrize("zoomed", [False, True])
def test_panes_fill_the_screen_and_do_not_overlap(size: tuple[int, int], zoomed: bool) -> None:
    for big in BIG_PANES:
        tab = big if big in TAB_PANES else "wire"
        arrangement = arrange(*size, big, tab, zoomed)
        cells: set[tuple[int, int]] = set()
        for name, region in arrangement.regions.items():
            if name == "frame":
                continue
            assert region.width > 0
            assert region.height > 0
            its = {(x, y) for x in range(region.x, region.right) for y in range(region.y, region.bottom)}
            assert not cells & its, name
            cells |= its
        frame = arrangement.regions.get("frame")
        if frame is not None:
            cells |= {(x, y) for x in range(frame.x, frame.right) for y in range(frame.y, frame.bottom)}
        assert cells == {(x, y) for x in range(size[0]) for y in range(size[1])}


def test_the_three_sizes() -> None:
    sizes = [(59, 40), (80, 17), (60, 18), (80, 24), (120, 36), (200, 55)]
    names = ["TOO_SMALL", "TOO_SMALL", "SMALL", "SMALL", "MEDIUM", "LARGE"]
    assert [Layout.of(*size).name for size in sizes] == names
    small = arrange(80, 24, "wire", "wire", False).regions
    assert (small["hops"].height, small["explain"].height, small["timeline"].height, small["keys"].height) == (
        2,
        5,
        2,
        1,
    )


# --- row index ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 9000])
def test_rows_and_positions_are_inverse(count: int) -> None:
    def measure(position: int) -> int:
        return 1 + position % 3

    index = RowIndex([1] * count, measure)
    for position in {1, 2, count // 2, count - 1, count} & set(range(1, count + 1)):
        index.look_at(position, position)
        first = index.first_row(position)
        assert {index.position_at(first + i) for i in range(measure(position))} == {position}
    assert index.position_at(index.total) is None
    if count <= 4096:
        assert index.total == sum(map(measure, range(1, count + 1)))


# --- words --------------------------------------------------------------------------------------


def test_every_action_has_words_in_both_languages() -> None:
    for language in ("en", "cs"):
        words = Words(language)
        for action in ACTIONS:
            assert words(f"do.{action.name}")
            assert action.bar is None or words(action.bar_label)
        assert all(words(group.value) for group in Group)


def test_messages_take_the_same_values_in_both_languages() -> None:
    for key, (english, czech) in MESSAGES.items():
        names = [{f for _, f, _, _ in string.Formatter().parse(m) if f} for m in (english, czech)]
        assert names[0] == names[1], key


def test_czech_counts_as_czech_does() -> None:
    words = Words("cs")
    assert [words("copied", n=n) for n in (1, 2, 4, 5, 0)] == [
        words("copied", n=1),
        *(words("copied", n=2).replace("2", str(n)) for n in (2, 4)),
        *(words("copied", n=5).replace("5", str(n)) for n in (5, 0)),
    ]
    assert len({words("copied", n=n).replace(str(n), "") for n in (1, 2, 5)}) == 3


def test_times_are_written_in_the_language() -> None:
    assert Words("en").duration(404_000) == "0.404 s"
    assert Words("cs").duration(404_000) == "0,404 s"
    assert Words("cs").duration(5_430_404_000) == "1:30:30,404"


def test_no_key_needs_altgr_and_none_is_taken_twice() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert not set("[]<>@#{}\\|") & {key for key in keys if len(key) == 1}
    forbidden = {"ctrl+j", "ctrl+o", "ctrl+s", "f10", "f11", "ctrl+enter"}
    assert not forbidden & set(keys)
    assert not any(key.startswith("alt+") for key in keys)


# --- the score ----------------------------------------------------------------------------------


def test_an_empty_trace_has_nothing_to_step_through() -> None:
    trace = Trace(failover().world, [], 0)
    score = Score(trace)
    assert score.stages == ()
    assert score.responsible(-1) == ()
