"""Titles of sections: one for each that is cited, and the ones that the RFCs have, where their texts are at hand."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from mailsim.lessons.explanations import Citation
from mailsim.lessons.reference import rfc_title, section_title
from tests.lessons.section_titles import cited, title_in

RFC = """\
Table of Contents

   4.2. Replies . . . . . . . . . . . . . . . . . . . . . . . . . . 45
   4.2.1.  Reply Code Severities and Theory . . . . . . . . . . . . 48
4.3.  Contents that begin a line .................................. 50

4.2.  Replies

   See Section 4.2.1.  It is
4.2.1.  Reply Code Severities
        and Theory

   The three digits of the reply each have a special significance.

4.3 Sequencing

10.  Last

"""


@pytest.mark.parametrize("place", cited(), ids=str)
def test_a_cited_place_has_its_title(place: Citation) -> None:
    assert rfc_title(place.rfc)
    assert bool(section_title(place)) == bool(place.section)


def test_no_title_is_kept_of_a_section_that_nobody_cites() -> None:
    kept = tomllib.loads(files("mailsim.lessons").joinpath("sections.toml").read_text("utf-8"))
    known = {Citation(int(rfc), section) for rfc, sections in kept.items() for section in sections}
    assert known == {place for place in cited() if place.section}


def test_a_title_is_found_in_the_text_and_not_in_the_contents() -> None:
    found = [title_in(RFC, section) for section in ("4.2", "4.2.1", "4.3", "10", "1", "5")]
    assert found == ["Replies", "Reply Code Severities and Theory", "Sequencing", "Last", "", ""]
    assert title_in(RFC.replace("\n", "\r\n"), "4.3") == "Sequencing"
