"""Questions about a trace, in the small language of the exercises: `count(dns.query[qtype=MX])`.

    filter    = kind "[" test { "," test } "]"   |   kind
    kind      = a name such as `smtp.reply`; `*` stands for any letters: `smtp.*`, `*`
    test      = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
    question  = "count" "(" filter ")"  |  "exists" "(" filter ")"  |  "none" "(" filter ")"
              | ("first" | "last") "(" filter ")" [ "." field ]
              | ("seq" | "set" | "sum" | "min" | "max") "(" filter ")" "." field

Fields are those of the exported event, and `t`, which is `at` in seconds. A value with `*` matches any letters there;
values in quotes may hold any character. Everything is parsed by hand and nothing is evaluated: a question is total
on any trace, and where there is nothing to find its answer is None, 0 or empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from mailsim.errors import MailsimError
from mailsim.protocols.pdu import Json
from mailsim.trace.events import Event
from mailsim.trace.trace import Trace

MAX_LENGTH = 2000


class QueryError(MailsimError):
    """A question that the language does not know; `position` counts letters from 0."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(problem, position)
        self.problem, self.position = problem, position

    def __str__(self) -> str:
        return f"{self.problem} at {self.position}"


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one field."""

    field: str
    relation: str
    value: str

    def holds(self, record: Mapping[str, Json]) -> bool:
        """Whether the record fulfils it; a field that is not there fulfils nothing but `!=`."""
        if self.field not in record:
            return self.relation == "!="
        found = record[self.field]
        if self.relation in ("=", "!="):
            return _matches(found, self.value) == (self.relation == "=")
        return _compare(found, self.relation, self.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """The events of some kinds that pass all tests."""

    kind: str
    tests: tuple[Test, ...] = ()

    def events(self, trace: Trace) -> Iterator[Event]:
        """The events that fit, in order."""
        for event in trace.events:
            if like(event.kind, self.kind) and self._passes(event):
                yield event

    def _passes(self, event: Event) -> bool:
        if not self.tests:
            return True
        record = _record(event)
        return all(test.holds(record) for test in self.tests)


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed question: what to do with the events that pass the filter."""

    function: str
    filter: Filter
    field: str = ""

    def answer(self, trace: Trace) -> Json:
        """The answer on a trace: a number, text, list, None, or (for an event) its record."""
        events = self.filter.events(trace)
        match self.function:
            case "count":
                return sum(1 for _ in events)
            case "exists":
                return next(events, None) is not None
            case "none":
                return next(events, None) is None
            case "first":
                return self._of(next(events, None))
            case "last":
                last = None
                for last in events:  # noqa: B007
                    pass
                return self._of(last)
        values: list[Json] = [v for event in events if (v := _record(event).get(self.field)) is not None]
        return _AGGREGATES[self.function](values)

    def _of(self, event: Event | None) -> Json:
        if event is None:
            return None
        record = _record(event)
        return record.get(self.field) if self.field else record


def ask(trace: Trace, question: str) -> Json:
    """The answer to a question on a trace. Raises: QueryError when it cannot be read."""
    return parse(question).answer(trace)


def parse(text: str) -> Question:
    """A question from text. Raises: QueryError."""
    reader = _Reader(text)
    question = reader.question()
    reader.end()
    return question


def parse_filter(text: str) -> Filter:
    """A filter from text. Raises: QueryError."""
    reader = _Reader(text)
    found = reader.filter()
    reader.end()
    return found


# --- values -------------------------------------------------------------------------------------


def like(text: str, pattern: str) -> bool:
    """Whether the text fits the pattern, in which `*` stands for any letters; linear, without backtracking traps."""
    if "*" not in pattern:
        return text == pattern
    first, *middle, last = pattern.split("*")
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True


def _record(event: Event) -> dict[str, Json]:
    return {**event.record(), "t": event.at / 1_000_000}


def _matches(found: Json, wanted: str) -> bool:
    if isinstance(found, list):
        return any(_matches(item, wanted) for item in found)
    if isinstance(found, bool) or found is None:
        return {True: "true", False: "false", None: "none"}[found] == wanted.lower()
    if isinstance(found, int | float):
        number = _number(wanted)
        return like(str(found), wanted) if number is None else found == number
    return like(str(found).lower(), wanted.lower())


def _compare(found: Json, relation: str, wanted: str) -> bool:
    number = _number(wanted)
    if number is None or isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return {"<": found < number, "<=": found <= number, ">": found > number, ">=": found >= number}[relation]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(values: list[Json]) -> list[int | float]:
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _distinct(values: list[Json]) -> Json:
    return [value for index, value in enumerate(values) if value not in values[:index]]


_AGGREGATES: Mapping[str, Callable[[list[Json]], Json]] = {
    "seq": lambda values: values,
    "set": _distinct,
    "sum": lambda values: sum(_numbers(values)),
    "min": lambda values: min(_numbers(values), default=None),
    "max": lambda values: max(_numbers(values), default=None),
}
_FUNCTIONS = frozenset((*_AGGREGATES, "count", "exists", "none", "first", "last"))
_NEED_FIELD = frozenset(_AGGREGATES)
_MAY_HAVE_FIELD = _NEED_FIELD | {"first", "last"}


# --- reading ------------------------------------------------------------------------------------

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_RELATIONS = ("!=", "<=", ">=", "=", "<", ">")


class _Reader:
    """Reads a question from left to right; each method takes what it is called after."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise QueryError("a question is too long", MAX_LENGTH)
        self._text, self._position = text, 0

    def question(self) -> Question:
        start = self._position
        function = self._word(_WORD, "a function")
        if function not in _FUNCTIONS:
            raise QueryError(f"unknown function {function!r}", start)
        self._expect("(")
        found = self.filter()
        self._expect(")")
        name = ""
        if self._take("."):
            if function not in _MAY_HAVE_FIELD:
                raise QueryError(f"{function} has no field", self._position)
            name = self._word(_WORD, "a field")
        elif function in _NEED_FIELD:
            raise QueryError(f"{function} needs a field", self._position)
        return Question(function, found, name)

    def filter(self) -> Filter:
        kind = self._word(_WORD | {".", "*"}, "a kind")
        tests: list[Test] = []
        if self._take("["):
            tests.append(self._test())
            while self._take(","):
                tests.append(self._test())
            self._expect("]")
        return Filter(kind, tuple(tests))

    def end(self) -> None:
        self._skip_blanks()
        if self._position < len(self._text):
            raise QueryError("nothing may follow", self._position)

    def _test(self) -> Test:
        name = self._word(_WORD, "a field")
        relation = next((relation for relation in _RELATIONS if self._take(relation)), None)
        if relation is None:
            raise QueryError("a relation is missing", self._position)
        return Test(name, relation, self._value())

    def _value(self) -> str:
        self._skip_blanks()
        text, start = self._text, self._position
        quote = text[start : start + 1]
        if quote in ("'", '"'):
            end = text.find(quote, start + 1)
            if end < 0:
                raise QueryError("the quote is not closed", start)
            self._position = end + 1
            return text[start + 1 : end]
        end = min((found for stop in ",]" if (found := text.find(stop, start)) >= 0), default=len(text))
        self._position = end
        value = text[start:end].strip()
        if not value:
            raise QueryError("a value is missing", start)
        return value

    def _word(self, letters: frozenset[str], what: str) -> str:
        self._skip_blanks()
        start = self._position
        while self._position < len(self._text) and self._text[self._position] in letters:
            self._position += 1
        if start == self._position:
            raise QueryError(f"{what} is missing", start)
        return self._text[start : self._position]

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise QueryError(f"{mark!r} is missing", self._position)

    def _take(self, mark: str) -> bool:
        self._skip_blanks()
        if self._text.startswith(mark, self._position):
            self._position += len(mark)
            return True
        return False

    def _skip_blanks(self) -> None:
        while self._text[self._position : self._position + 1].isspace():
            self._position += 1
