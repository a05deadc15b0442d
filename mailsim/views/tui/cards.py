"""Cards: the host, header field, command, reply code, section of an RFC or word of the glossary that a step has.

`cards_of` gives those of a step, what the step itself is first; the others come in the order in which a reader
meets them. A card is text for people, so all of it is from the lessons, except names and numbers of the run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailsim.lessons.explanations import Citation, Explanation, explain
from mailsim.lessons.reference import code_meanings, header_meaning, rfc_title, role_term, section_title
from mailsim.lessons.terms import glossary
from mailsim.lessons.ui import Words
from mailsim.trace.events import Event, Said
from mailsim.views.tui.atlas import title as title_of_node
from mailsim.views.tui.inks import Ground, Ink
from mailsim.views.tui.pages import Pages
from mailsim.views.tui.sheets import Sheet
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.text import Line, Piece

_CODE = re.compile(r"^(\d{3})(?:[ -](\d\.\d{1,3}\.\d{1,3}))?")
_MAIL = frozenset(("smtp", "lmtp"))


@dataclass(frozen=True, slots=True)
class Card:
    """kind: `node`, `step`, `code`, `header`, `rfc` or `term`; key: what it is about; name: its heading."""

    kind: str
    key: str
    name: str
    text: tuple[str, ...]
    citations: tuple[Citation, ...] = ()


class Cards(Sheet):
    """A stack of cards, one of them on top."""

    title = "pane.card"

    def __init__(self, cards: Sequence[Card]) -> None:
        super().__init__()
        self.cards = cards

    @property
    def count(self) -> int:
        return len(self.cards)

    @property
    def row(self) -> int:
        return 0

    def lines(self, stepper: Stepper, width: int) -> Sequence[Line]:  # noqa: ARG002 (the sheet's signature)
        hint: Line = [Piece(stepper.words("card.hint"), Ink.DIM)]
        return [*card_lines(self.cards, self.chosen, stepper.words), hint]

    def show(self, key: str) -> bool:
        """Put the card about something on top; False when there is none."""
        number = next((i for i, card in enumerate(self.cards) if card.key.casefold() == key.casefold()), None)
        if number is not None:
            self.chosen = number
        return number is not None


def card_lines(cards: Sequence[Card], number: int, words: Words) -> list[Line]:
    """One of the cards, with its place among them."""
    card, place = cards[number], words("card.place", i=number + 1, n=len(cards))
    kind = Piece(f" {words(f'card.{card.kind}')} ", ground=Ground.CHIP, bold=True)
    heading = [kind, Piece(f" {card.name}  ", Ink.HEADING, bold=True), Piece(place, Ink.DIM)]
    lines: list[Line] = [heading, *([Piece(text)] for text in card.text)]
    return lines + [[Piece("► "), Piece(source(citation), underlined=True)] for citation in card.citations]


def source(citation: Citation) -> str:
    """`RFC 5321 §4.2.1, Reply Code Severities and Theory`: number, section and its title, or that of the whole RFC."""
    section = f" §{citation.section}" if citation.section else ""
    title = section_title(citation) or rfc_title(citation.rfc)
    return f"RFC {citation.rfc}{section}" + (f", {title}" if title else "")


def cards_of(stepper: Stepper, pages: Pages) -> list[Card]:
    """The cards of the current step, each once."""
    found = {(card.kind, card.key): card for card in _all(stepper, pages)}
    return list(found.values())


def _all(stepper: Stepper, pages: Pages) -> Iterator[Card]:
    event = stepper.event
    if event is None:
        yield from (node_card(stepper, node.name) for node in stepper.score.world.nodes if node.roles != ("router",))
        return
    language = stepper.words.language
    topic = stepper.score.conversations.topic(event)
    lesson = explain(topic, language, stepper.score.world.texts.get(language))
    yield step_card(topic, lesson)
    yield from code_cards(event, language)
    if isinstance(event, Said) and event.pdu.role == "data":
        names = dict.fromkeys(field.name for field in pages.mail.header(event.seq))
        yield from filter(None, (header_card(name, language) for name in names))
    telling = stepper.telling(stepper.position)
    for host in (telling.source, telling.target):
        if host in stepper.score.atlas.nodes:
            yield node_card(stepper, host)
    yield from (rfc_card(citation) for citation in lesson.citations)
    yield from terms_in(f"{lesson.title} {lesson.text}", language)


def step_card(topic: str, lesson: Explanation) -> Card:
    """The card of what happens."""
    return Card("step", topic, lesson.title, (" ".join(lesson.text.split()),), lesson.citations)


def code_cards(event: Event, language: str) -> Iterator[Card]:
    """The card of the reply code, if the event is a reply of SMTP or LMTP."""
    if isinstance(event, Said) and event.protocol in _MAIL and not event.from_client:
        code = _CODE.match(str(event.pdu))
        if code is not None:
            meanings = code_meanings(code[1], code[2], language)
            yield Card("code", code[1], " ".join(filter(None, code.groups())), meanings)


def lesson_cards(event: Event | None, topic: str, lesson: Explanation, language: str) -> list[Card]:
    """The cards of something that was said, without the run around it."""
    cards = [step_card(topic, lesson)]
    if event is not None:
        cards += code_cards(event, language)
    cards += (rfc_card(citation) for citation in lesson.citations)
    cards += terms_in(f"{lesson.title} {lesson.text}", language)
    return cards


def header_card(name: str, language: str) -> Card | None:
    """The card of a header field; None for one that nobody wrote about."""
    meaning = header_meaning(name, language)
    return None if meaning is None else Card("header", name, f"{name}:", (meaning.text,), meaning.citations)


def rfc_card(citation: Citation) -> Card:
    """The card of a place in an RFC: titles of the section and of the RFC, and where to read it."""
    section = f" §{citation.section}" if citation.section else ""
    key = f"RFC {citation.rfc}{section}"
    titles = filter(None, (section_title(citation), rfc_title(citation.rfc)))
    return Card("rfc", key, key.removeprefix("RFC "), (*titles, citation.url))


def node_card(stepper: Stepper, name: str) -> Card:
    """The card of a host: what it is, its addresses, and what it holds at this step."""
    words, score = stepper.words, stepper.score
    node = score.atlas.nodes[name]
    terms = glossary(words.language)
    lines = [f"{title_of_node(node, score.atlas.preference(name, stepper.seq))}  {' '.join(node.addresses)}".strip()]
    for role in node.roles:
        term = terms.get(role_term(role))
        if term is not None:
            lines.append(f"{term.name}: {term.definition}")
    snapshot = score.snapshot(stepper.seq)
    if name in snapshot.queues:
        lines.append(f"{words('queue.of', node=node.label)}: {words('queue.size', n=len(snapshot.queues[name]))}")
    if name in score.responsible(stepper.seq):
        lines.append(words("plain.responsible", who=node.label))
    open_now = [c for c in snapshot.connections.values() if name in (c.client, c.server)]
    if open_now:
        lines.append(words("card.connections", n=len(open_now)))
    return Card("node", name, name, tuple(line for line in lines if line))


def terms_in(text: str, language: str) -> Iterator[Card]:
    """The words of the glossary that a text uses, in the order of the glossary."""
    folded = text.casefold()
    for term in glossary(language).values():
        names = {term.key.partition(" (")[0], term.name.partition(" (")[0]}
        if any(re.search(rf"(?<!\w){re.escape(name.casefold())}", folded) for name in names if len(name) > 1):
            yield Card("term", term.key, term.name, (term.definition,))
