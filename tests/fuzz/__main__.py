"""Fuzzes one parser with atheris for some time: `python -m tests.fuzz smtp --seconds 600`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.words import WORDS

FOUND = Path(__file__).parent / "found"


def main() -> int:
    """Run until the time is over (0) or something is found (1), which is then a file in `found`."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("parser", choices=sorted(WORDS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    try:
        import atheris
    except ImportError:
        parser.error("atheris is missing: pip install -e '.[fuzz]'")
    with atheris.instrument_imports(include=["mailsim"]):
        from tests.fuzz.targets import TARGETS
    found = FOUND / chosen.parser
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        words = Path(corpus) / "words.dict"
        words.write_text("\n".join(map(_quoted, WORDS[chosen.parser])) + "\n", encoding="ascii")
        (Path(corpus) / "seeds").mkdir()
        for number, word in enumerate(WORDS[chosen.parser]):
            (Path(corpus) / "seeds" / str(number)).write_bytes(bytes([number % 16, 7]) + word.encode("latin-1"))
        options = [
            sys.argv[0],
            str(Path(corpus) / "seeds"),
            str(found),
            f"-max_total_time={chosen.seconds}",
            f"-seed={chosen.seed}",
            f"-dict={words}",
            f"-artifact_prefix={found}/",
            "-max_len=1024",
            "-timeout=20",
            "-print_final_stats=1",
        ]
        atheris.Setup(options, TARGETS[chosen.parser])
        atheris.Fuzz()
    return 0


def _quoted(word: str) -> str:
    return '"' + "".join(f"\\x{octet:02x}" for octet in word.encode("latin-1")) + '"'


if __name__ == "__main__":
    sys.exit(main())
