"""Counts the bytecodes that a mail costs: `python -m tests.benchmarks.bytecodes [--by function|module|segment]`.

The count is exact, whatever else the machine does, so that two versions of a program are compared by one run of each.
It is what one mail more costs: the difference of two runs, so that neither building the world nor filling caches is in
it. What it does not know is the time spent inside of C, nor that one bytecode is slower than another: a run that
executes fewer is mostly, but not surely, faster. Figures of different versions of Python cannot be compared.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, get_args

from mailsim.trace.events import Packet
from tests.benchmarks.world import Load, Reading, World

PACKAGE = Path(__file__).resolve().parents[2] / "mailsim"
GROUPS = ("function", "module", "segment")


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytecodes that one mail more takes: function -> how many; and packets (segments and datagrams)."""

    functions: dict[CodeType, float]
    packets: float


def count(action: Callable[[], object]) -> Counter[CodeType]:
    """How many bytecodes each function executes while `action` runs, without those of the functions that it calls."""
    counts: Counter[CodeType] = Counter()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "opcode":
            counts[frame.f_code] += 1
        return inside

    def entered(frame: FrameType, _: str, __: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return inside

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        action()
    finally:
        sys.settrace(before)
    return counts


def cost_of_a_mail(mails: int, reading: Reading = "pop3", keep_trace: bool = False) -> Cost:
    """What each of so many mails costs, sent after as many others."""
    World(Load(mails, reading)).run()  # fills the caches
    few, many = (count(World(Load(number, reading, keep_trace)).run) for number in (mails, 2 * mails))
    packets = _packets(2 * mails, reading) - _packets(mails, reading)
    return Cost({code: (many[code] - few[code]) / mails for code in many | few}, packets / mails)


def _packets(mails: int, reading: Reading) -> int:
    world = World(Load(mails, reading, keep_trace=True))
    world.run()
    return sum(isinstance(event, Packet) for event in world.recorder.events)


def module(code: CodeType) -> str:
    """The file of a function: in our package, else by its last two names."""
    file = Path(code.co_filename)
    return file.relative_to(PACKAGE).as_posix() if file.is_relative_to(PACKAGE) else "~" + "/".join(file.parts[-2:])


def grouped(cost: Cost, by: str) -> dict[str, float]:
    """Bytecodes by function, by module, or by module for each packet instead of each mail; the largest first."""
    sums: Counter[str] = Counter()
    for code, number in cost.functions.items():
        name = f"{module(code)}:{code.co_firstlineno} {code.co_qualname}" if by == "function" else module(code)
        sums[name] += number / cost.packets if by == "segment" else number
    return dict(sums.most_common())


def main(arguments: Sequence[str] | None = None) -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bytecodes", description=__doc__)
    parser.add_argument("--by", choices=GROUPS, default="module", help="what is counted together (default: module)")
    parser.add_argument("--mails", type=int, default=16, help="how many (default: 16)")
    parser.add_argument("--reading", choices=get_args(Reading), default="pop3")
    parser.add_argument("--trace", action="store_true", help="keep the trace")
    parser.add_argument("--top", type=int, default=40, help="lines to print (default: 40)")
    options = parser.parse_args(arguments)
    cost = cost_of_a_mail(options.mails, options.reading, options.trace)
    for name, number in list(grouped(cost, options.by).items())[: options.top]:
        print(f"{number:10.1f}  {name}")
    print(f"{sum(cost.functions.values()):10.1f}  a mail, {cost.packets:.1f} packets")
    for folder, number in by_folder(cost).items():
        print(f"{number:10.1f}  a mail in {folder}")


def by_folder(cost: Cost) -> dict[str, float]:
    """Bytecodes by folder of our package, and those of all libraries; the largest first."""
    sums: Counter[str] = Counter()
    for code, number in cost.functions.items():
        name = module(code)
        sums["libraries" if name.startswith("~") else name.partition("/")[0]] += number
    return dict(sums.most_common())


if __name__ == "__main__":
    main()
