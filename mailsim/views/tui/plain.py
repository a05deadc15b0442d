"""The plain mode: one step after the other as sentences, on a plain stream, for screen readers and pipes.

It has what the screens have, by the same keys: a line with `e` reads the mail, `d` the DNS, `u` the queues, `i` the
mailboxes, `h` the bytes, `k` the code, `y` the causes, `Y` the ways not taken, `t` the cards; `v`, `o`, `A` and `L`
change zoom, message, what is hidden and language; `g 12`, `g t30`, `g dns.query` go somewhere, `/ words` finds. Enter
goes on, `b` back, `q` ends, `?` lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from mailsim.lessons.explanations import explain
from mailsim.lessons.short_texts import simplification, stage_name
from mailsim.lessons.ui import LANGUAGES, Words
from mailsim.trace.levels import Level
from mailsim.trace.trace import Trace
from mailsim.views.text.sentence import sentence
from mailsim.views.tui import quiz
from mailsim.views.tui.actions import BY_NAME, PANE_KEYS
from mailsim.views.tui.cards import cards_of, source
from mailsim.views.tui.pages import PAGES, Pages
from mailsim.views.tui.score import Score
from mailsim.views.tui.sheets import why_not
from mailsim.views.tui.stepper import Stepper
from mailsim.views.tui.telling import Shape, Telling

MAX_LINES = 12
"""So many lines of one thing said are read; then only how many more there are."""
WIDTH = 78
HELP = (
    *("next", "back", "next_stage", "previous_stage", "goto", "find", "next_match", "zoom_level", "follow"),
    *("everything", "why", "why_not", "card", "quiz", *PAGES, "language", "help", "quit"),
)
"""The actions that plain mode has, in the order of its help."""
PLAIN_KEYS = {"next": "Enter", "back": "b", "goto": "g 12", "find": "/ words", "quiz": "x, 1-4"}


def run_plain(
    trace: Trace, commands: Iterable[str], out: TextIO, language: str = "en", level: Level | None = None
) -> None:
    """Read commands, one a line, and write what each leads to; ends at `q` or when there are no more."""
    reader = Reader(Stepper(Score(trace), language, level))
    _write(out, _introduction(reader.stepper))
    for command in commands:
        answer = reader.obey(command.strip())
        if answer is None:
            return
        _write(out, answer)


def _write(out: TextIO, lines: Iterable[str]) -> None:
    out.writelines(f"{line}\n" for line in lines)
    out.write("\n")
    out.flush()


class Reader:
    """Obeys the commands of one reader."""

    def __init__(self, stepper: Stepper) -> None:
        self.stepper = stepper
        self._pages = Pages(stepper.score)
        self._question: quiz.Quiz | None = None

    def obey(self, command: str) -> Iterable[str] | None:
        """Do a command; gives what to read, None for the end."""
        if command == "q":
            return None
        if self._question is not None and command[:1].isdecimal():
            return self._answered(self._question, int(command[0]) - 1)
        self._question = None
        page = next((name for name in PAGES if PANE_KEYS[name] == command), None)
        if page is not None:
            return [f"{self.stepper.words(f'pane.{page}')}:", *self._pages.lines(page, self.stepper, WIDTH)]
        moved = self._move(command)
        return self._look(command) if moved is None else moved

    def _move(self, command: str) -> Iterable[str] | None:
        """What a command that moves leads to; None when it is another one."""
        stepper = self.stepper
        match command.split(maxsplit=1):
            case [] | ["n"]:
                return self._moved(stepper.seq, stepper.next(), "end.last")
            case ["b" | "p"]:
                return self._moved(stepper.seq, stepper.back(), "end.first")
            case ["N"]:
                return self._moved(stepper.seq, stepper.next_stage(), "end.stage.last")
            case ["P"]:
                return self._moved(stepper.seq, stepper.previous_stage(), "end.stage.first")
            case ["g" | ":", where]:
                return self._moved(stepper.seq, stepper.go_to(where), "goto.none", what=where)
            case ["/", what]:
                return self._found(what, forward=True)
            case ["r" | "R" as key] if stepper.wanted:
                return self._found(stepper.wanted, forward=key == "r")
        return None

    def _moved(self, before: int, moved: bool, otherwise: str, **values: object) -> Iterable[str]:
        return describe(self.stepper, before) if moved else [self.stepper.words(otherwise, **values)]

    def _found(self, what: str, forward: bool) -> Iterable[str]:
        before, found = self.stepper.seq, self.stepper.find(what, forward)
        if found is not None:
            self.stepper.move_to(found.position)
        return self._moved(before, found is not None, "find.none", what=what)

    def _look(self, command: str) -> Iterable[str]:
        """What a command leads to that does not move."""
        stepper = self.stepper
        match command:
            case "v":
                stepper.zoom_level()
                return self._changed("level.now", level=stepper.words(f"level.{stepper.level.name.lower()}"))
            case "o":
                return self._follow()
            case "A":
                stepper.show_everything(not stepper.lens.everything)
                return self._changed("everything.on" if stepper.lens.everything else "everything.off")
            case "L":
                index = LANGUAGES.index(stepper.words.language)
                stepper.words = Words(LANGUAGES[(index + 1) % len(LANGUAGES)])
                return self._changed("language.now")
            case "y":
                return self._why()
            case "Y":
                return self._why_not()
            case "t":
                return self._cards()
            case "x":
                return self._ask()
            case "?":
                return [f"{PLAIN_KEYS.get(name) or _key(name)}: {stepper.words(f'do.{name}')}" for name in HELP]
        return [stepper.words("plain.unknown")]

    def _changed(self, key: str, **values: object) -> Iterable[str]:
        return [self.stepper.words(key, **values), *describe(self.stepper, self.stepper.seq)]

    def _follow(self) -> Iterable[str]:
        key = self.stepper.follow_next()
        if not key:
            return self._changed("follow.all")
        keys, message = self.stepper.score.messages, self._pages.mail.by_key(key)
        subject = "" if message is None else str(message.get("Subject", ""))
        return self._changed("follow.one", i=keys.index(key) + 1, of=len(keys), subject=subject or key)

    def _why(self) -> Iterator[str]:
        stepper = self.stepper
        yield stepper.words("pane.why")
        for seq in stepper.score.causes(stepper.seq, stepper.lens) if stepper.position else ():
            yield f"{stepper.score.position(stepper.lens, seq)}: " + _sentence(stepper, seq)

    def _why_not(self) -> Iterable[str]:
        sheet = why_not(self.stepper.score, self.stepper.seq)
        if sheet is None:
            return [self.stepper.words("why-not.none")]
        lines = [self.stepper.words("pane.why-not"), _sentence(self.stepper, sheet.decision.seq)]
        for number, (text, _) in enumerate(sheet.rows(self.stepper)):
            sheet.chosen = number
            lines.append(f"{text.strip()}: {sheet.reason(self.stepper)}")
        return lines

    def _cards(self) -> Iterator[str]:
        for card in cards_of(self.stepper, self._pages):
            places = "; ".join(source(citation) for citation in card.citations)
            text = " ".join(filter(None, card.text))
            kind = self.stepper.words(f"card.{card.kind}")
            yield f"{kind} {card.name}: {text}" + (f" ({places})" if places else "")

    def _ask(self) -> Iterable[str]:
        self._question = quiz.ask(self.stepper)
        if self._question is None:
            return [self.stepper.words("quiz.none")]
        numbered = (f"{number}. {text}" for number, text in enumerate(self._question.answers, 1))
        return [self.stepper.words("quiz.next"), *numbered]

    def _answered(self, question: quiz.Quiz, number: int) -> Iterable[str]:
        stepper = self.stepper
        if not question.answer(number):
            return [stepper.words("quiz.keys")]
        self._question = None
        stepper.count_answer(question.is_right)
        before = stepper.seq
        stepper.next()
        key = "quiz.right" if question.is_right else "quiz.wrong"
        said = stepper.words(key, right=stepper.right_answers, of=stepper.answers)
        return [said, *describe(stepper, before)]


def _key(name: str) -> str:
    return BY_NAME[name].keys[0] if len(BY_NAME[name].keys[0]) == 1 else BY_NAME[name].shown.split()[0]


def _sentence(stepper: Stepper, seq: int) -> str:
    return sentence(stepper.score.trace.events[seq], stepper.score.trace, stepper.words.language)


def _introduction(stepper: Stepper) -> Iterator[str]:
    texts = stepper.score.world.texts
    own = texts.get(stepper.words.language) or texts.get("en") or {}
    title = own.get("title") or stepper.score.world.scenario
    yield stepper.words("plain.hello", title=title, n=stepper.last)
    if own.get("objective"):
        yield f"{stepper.words('explain.objective')} {' '.join(own['objective'].split())}"
    yield from (" ".join(part.split()) for part in own.get("story", "").strip().split("\n\n") if part)
    omitted = [simplification(slug, stepper.words.language) for slug in stepper.score.world.simplifications]
    if omitted:
        yield stepper.words("explain.simplified")
        yield from (f"- {text}" for text in omitted)


def describe(stepper: Stepper, before: int = -1) -> Iterator[str]:
    """The current step in sentences; `before` is the event from where the reader comes."""
    if stepper.position == 0:
        yield stepper.words("end.first")
        return
    words, score, seq = stepper.words, stepper.score, stepper.seq
    number = stepper.stage_number
    if number != score.stage_index(before):
        name = stage_name(score.stages[number].slug, words.language)
        yield words("plain.stage", i=number + 1, name=name)
    yield words("plain.step", i=stepper.position, n=stepper.last, time=words.duration(stepper.at))
    yield sentence(score.trace.events[seq], score.trace, words.language)
    telling = stepper.telling(stepper.position)
    yield from _quoted(telling)
    if len(telling.lines) > MAX_LINES:
        yield f"    {words('map.hidden', n=len(telling.lines) - MAX_LINES)}"
    yield _meaning(stepper)
    who = score.responsible(seq)
    if who != score.responsible(before):
        labels = ", ".join(score.atlas.label(name) for name in who)
        nobody = words("explain.delivered" if score.is_delivered(seq) else "explain.nobody")
        yield words("plain.responsible", who=labels or nobody)


def _quoted(telling: Telling) -> Iterator[str]:
    """All that was said, when it is more than the sentence has."""
    if len(telling.lines) > 1 or telling.shape is Shape.DOUBLE:
        yield from (f"    {line}" for line in telling.lines[:MAX_LINES])


def _meaning(stepper: Stepper) -> str:
    event = stepper.event
    assert event is not None
    language = stepper.words.language
    lesson = explain(stepper.score.conversations.topic(event), language, stepper.score.world.texts.get(language))
    places = "; ".join(str(citation) for citation in lesson.citations)
    return f"{lesson.title}: {' '.join(lesson.text.split())}" + (f" ({places})" if places else "")
