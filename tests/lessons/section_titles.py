"""Finds the titles of all sections of RFCs that the lessons cite: `python -m tests.lessons.section_titles FOLDER`.

FOLDER holds the texts as the RFC Editor publishes them, `rfc5321.txt`. It prints the lines for
`mailsim/lessons/sections.toml`, and complains of sections that an RFC does not have.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from mailsim.lessons.explanations import Citation, citations
from mailsim.lessons.reference import header_meaning, header_names


def cited() -> list[Citation]:
    """Every place that is cited, each once, in order of the numbers."""
    places = {place for topic in citations().values() for place in topic}
    for name in header_names():
        meaning = header_meaning(name, "en")
        places |= set(meaning.citations if meaning is not None else ())
    return sorted(places, key=lambda place: (place.rfc, [int(part) for part in place.section.split(".") if part]))


def title_in(text: str, section: str) -> str:
    """The title of a section in the text of its RFC, "" when it has none; headings begin a line, contents do not."""
    heading = re.compile(rf"^{re.escape(section)}\.? +(\S.*)\n(?: {{3,}}(\S.*)\n)?(?=\n)", re.MULTILINE)
    for found in heading.finditer(text.replace("\r\n", "\n").replace("\f", "\n")):
        title = " ".join(part.strip() for part in found.groups() if part)
        if not re.search(r"(\. ?){3}|\.{2,} *\d+$|  +\d+$", title):
            return title.removesuffix(".")
    return ""


def titles(folder: Path) -> Iterator[tuple[Citation, str]]:
    """The cited sections of the RFCs whose texts are in the folder, with their titles."""
    for place in cited():
        path = folder / f"rfc{place.rfc}.txt"
        if place.section and path.exists():
            yield place, title_in(path.read_text("utf-8", "replace"), place.section)


def main() -> None:
    """Print the lines of the file."""
    rfc = 0
    for place, title in titles(Path(sys.argv[1])):
        if place.rfc != rfc:
            rfc = place.rfc
            print(f"\n[{rfc}]")
        print(f'"{place.section}" = {json.dumps(title)}' if title else f"# {place.section}: no such section")


if __name__ == "__main__":
    main()
