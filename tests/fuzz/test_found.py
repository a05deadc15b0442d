"""All that fuzzing has found, and a little of it every time: random input made of the words of each language."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS
from tests.fuzz.words import WORDS

FOUND = Path(__file__).parent / "found"


@pytest.mark.parametrize("parser", sorted(TARGETS))
def test_what_was_found(parser: str) -> None:
    for file in sorted((FOUND / parser).glob("*")):
        TARGETS[parser](file.read_bytes())


@pytest.mark.parametrize("parser", sorted(TARGETS))
def test_words_in_any_order(parser: str) -> None:
    words = st.sampled_from([word.encode("latin-1") for word in WORDS[parser]])
    pieces = st.lists(st.one_of(words, words, st.binary(max_size=8)), max_size=12).map(b"".join)

    @given(st.integers(0, 15), st.integers(1, 9), pieces)
    @settings(derandomize=True, deadline=None, max_examples=60)
    def play(kind: int, size: int, data: bytes) -> None:
        TARGETS[parser](bytes([kind, size]) + data)

    play()
