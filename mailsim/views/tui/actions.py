"""Everything that a key can do: the one registry that bindings, key bar, help and command palette are made of.

The words of an action are the messages `do.<name>` (help, palette) and `bar.<label>` (key bar). The keys
avoid what needs AltGr on Czech and German keyboards, and digits, which are shifted on Czech ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Group(Enum):
    """Headings of the help."""

    STEPPING = "group.stepping"
    FINDING = "group.finding"
    VIEW = "group.view"
    OTHER = "group.other"
    HAND = "group.hand"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        name: what the screen calls it: its method is `do_<name>`.
        keys: Textual's names of the keys; shown: how the help writes them.
        bar: place in the key bar, the lowest stays longest when it is narrow; None: not in the bar.
        bar_keys: the keys as the bar writes them, when not the first of `shown`; label: its message there.
        right: whether it stands at the right end of the bar.
    """

    name: str
    keys: tuple[str, ...]
    shown: str
    group: Group
    bar: int | None = None
    bar_keys: str = ""
    label: str = ""
    right: bool = False

    @property
    def bar_label(self) -> str:
        """The message for the key bar."""
        return f"bar.{self.label or self.name}"

    @property
    def bar_text(self) -> str:
        """The key as the bar writes it."""
        return self.bar_keys or self.shown.split()[0]


_S, _F, _V, _O, _H = Group.STEPPING, Group.FINDING, Group.VIEW, Group.OTHER, Group.HAND

ACTIONS: tuple[Action, ...] = (
    Action("next", ("n", "right", "full_stop"), "n  →  .", _S, bar=0),
    Action("back", ("p", "left", "comma"), "p  ←  ,", _S, bar=1),
    Action("play", ("space",), "Space", _S, bar=3),
    Action("next_stage", ("N", "pagedown"), "N  PgDn", _S, bar=4, bar_keys="N/P", label="stage"),
    Action("previous_stage", ("P", "pageup"), "P  PgUp", _S),
    Action("faster", ("plus",), "+", _S),
    Action("slower", ("minus",), "-", _S),
    Action("start", ("g", "home"), "g  Home", _S, bar=10),
    Action("end", ("G", "end"), "G  End", _S, bar=10),
    Action("goto", ("colon",), ":", _F, bar=9),
    Action("find", ("slash",), "/", _F, bar=8),
    Action("next_match", ("r",), "r", _F),
    Action("previous_match", ("R",), "R", _F),
    Action("bookmark", ("b",), "b", _F, bar=11),
    Action("next_bookmark", ("B",), "B", _F),
    Action("why", ("y",), "y", _F, bar=5),
    Action("why_not", ("Y",), "Y", _F),
    Action("card", ("t",), "t", _F, bar=12),
    Action("quiz", ("x",), "x", _F, bar=6),
    Action("answer_1", ("1",), "1", _F),
    Action("answer_2", ("2", "ě"), "2", _F),
    Action("answer_3", ("3", "š"), "3", _F),
    Action("answer_4", ("4", "č"), "4", _F),
    Action("jump", ("enter",), "Enter", _F, bar=0),
    Action("map", ("m",), "m", _V),
    Action("ladder", ("l",), "l", _V),
    Action("wire", ("w",), "w", _V),
    Action("mail", ("e",), "e", _V),
    Action("dns", ("d",), "d", _V),
    Action("queues", ("u",), "u", _V),
    Action("mailboxes", ("i",), "i", _V),
    Action("bytes", ("h",), "h", _V),
    Action("code", ("k",), "k", _V),
    Action("zoom_pane", ("z",), "z", _V, bar=13),
    Action("zoom_level", ("v",), "v", _V, bar=7),
    Action("follow", ("o",), "o", _V, bar=14),
    Action("everything", ("A",), "A", _V),
    Action("future", ("f",), "f", _V, bar=15),
    Action("scroll_up", ("up",), "↑", _V),
    Action("scroll_down", ("down",), "↓", _V),
    Action("explain_up", ("shift+up",), "Shift+↑", _V),
    Action("explain_down", ("shift+down",), "Shift+↓", _V),
    Action("language", ("L",), "L", _O, bar=16),
    Action("theme", ("T",), "T", _O),
    Action("hand", ("H", "f4"), "H  F4", _O, bar=17),
    Action("copy", ("c",), "c", _O),
    Action("screenshot", ("s",), "s", _O),
    Action("handout", ("S",), "S", _O),
    Action("palette", ("ctrl+p",), "Ctrl+P", _O),
    Action("help", ("question_mark",), "?", _O, bar=2, right=True),
    Action("escape", ("escape",), "Esc", _O, bar=0, label="close"),
    Action("quit", ("q",), "q", _O, bar=2, right=True),
)
HAND_ACTIONS: tuple[Action, ...] = (
    Action("send", ("enter",), "Enter", _H, bar=0),
    Action("complete", ("tab",), "Tab", _H, bar=1),
    Action("complete_back", ("shift+tab",), "Shift+Tab", _H),
    Action("older", ("up",), "↑", _H, bar=6, bar_keys="↑ ↓"),
    Action("newer", ("down",), "↓", _H),
    Action("line_up", ("shift+up",), "Shift+↑", _H),
    Action("line_down", ("shift+down",), "Shift+↓", _H),
    Action("page_up", ("pageup",), "PgUp", _H),
    Action("page_down", ("pagedown",), "PgDn", _H),
    Action("hand_language", ("f2",), "F2", _H, bar=11, label="language"),
    Action("hand_theme", ("f3",), "F3", _H),
    Action("steps", ("f4",), "F4", _H, bar=3),
    Action("wait", ("f5",), "F5", _H, bar=5),
    Action("wait_long", ("f6",), "F6", _H, bar=9),
    Action("save_talk", ("f7",), "F7", _H, bar=8),
    Action("copy_talk", ("f8",), "F8", _H, bar=7),
    Action("hand_card", ("f9",), "F9", _H, bar=4, label="card"),
    Action("hand_help", ("f1",), "F1", _H, bar=2, label="help", right=True),
    Action("leave", ("escape",), "Esc", _H, bar=2, right=True),
)
"""What the keys do while somebody types a protocol; letters are typed, so these have none."""
CALL_ACTIONS: tuple[Action, ...] = (
    Action("call", ("enter",), "Enter", _H, bar=0),
    Action("choose_up", ("up",), "↑", _H, bar=1, bar_keys="↑ ↓", label="choose"),
    Action("choose_down", ("down",), "↓", _H),
    Action("when", ("f5",), "F5", _H, bar=3),
    Action("hand_language", ("f2",), "F2", _H, bar=4, label="language"),
    Action("hand_theme", ("f3",), "F3", _H, bar=5),
    Action("leave", ("escape",), "Esc", _H, bar=2, right=True),
)
"""What they do in the list of servers."""
BY_NAME = {action.name: action for action in ACTIONS}
PANE_KEYS = {action.name: action.keys[0] for action in ACTIONS if action.name in ("map", "ladder", "wire", "mail")}
PANE_KEYS |= {name: BY_NAME[name].keys[0] for name in ("dns", "queues", "mailboxes", "bytes", "code")}
