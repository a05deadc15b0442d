"""Deeds that move the reader through the steps: there and back, stages, ends, playing."""

from __future__ import annotations

from textual.timer import Timer

from mailsim.views.tui.board import Board
from mailsim.views.tui.sheets import Sheet
from mailsim.views.tui.stepper import Stepper


class Moving(Board):
    """A board on which one can step and play."""

    def __init__(self, stepper: Stepper) -> None:
        super().__init__(stepper)
        self._timer: Timer | None = None

    def open_sheet(self, sheet: Sheet) -> None:
        """Lay a sheet over the explanation."""
        self.explanation.sheet = sheet
        self.stepper.asking = sheet.asks
        self._zoomed, self._has_sheet = False, True
        self.rearrange()
        if sheet.asks:
            self.forget_rows()
        self.explanation.show_step()
        self.call_after_refresh(self.explanation.reveal_chosen)

    def close_sheet(self) -> None:
        """Take away the sheet, if one is there."""
        if self.explanation.sheet is None:
            return
        if self.stepper.asking:
            self.stepper.asking = False
            self.forget_rows()
        self.explanation.sheet = None
        self._has_sheet = False
        self.rearrange()

    def moved(self, moved: bool, otherwise: str) -> None:
        """After a move: the sheet was for another step; what did not move says why."""
        self.close_sheet()
        if not moved:
            self.tell(otherwise)

    def do_next(self) -> None:
        self.moved(self.stepper.next(), "end.last")

    def do_back(self) -> None:
        self.moved(self.stepper.back(), "end.first")

    def do_next_stage(self) -> None:
        self.moved(self.stepper.next_stage(), "end.stage.last")

    def do_previous_stage(self) -> None:
        self.moved(self.stepper.previous_stage(), "end.stage.first")

    def do_start(self) -> None:
        self.moved(self.stepper.move_to(0), "end.first")

    def do_end(self) -> None:
        self.moved(self.stepper.move_to(self.stepper.last), "end.last")

    def do_play(self) -> None:
        """Play, pause, and at the end: once more from the start."""
        self.close_sheet()
        if not self.stepper.playing and self.stepper.position == self.stepper.last and self.stepper.last:
            self.stepper.move_to(0)
        self.play(not self.stepper.playing)

    def do_faster(self) -> None:
        self._change_speed(1)

    def do_slower(self) -> None:
        self._change_speed(-1)

    def _change_speed(self, by: int) -> None:
        self.stepper.change_speed(by)
        if self.stepper.playing:
            self.play(True)
        self.tell("speed.now", speed=f"{self.stepper.speed:g}x")

    def play(self, playing: bool) -> None:
        """Start or stop the timer that steps."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if playing and self.stepper.position == self.stepper.last:
            playing = False
            self.tell("end.last")
        self.stepper.playing = playing
        if playing:
            self._timer = self.set_interval(1 / self.stepper.speed, self._tick)

    def _tick(self) -> None:
        if not self.stepper.next():
            self.play(False)
            self.tell("end.last")
        self.show_step()
