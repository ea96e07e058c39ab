"""Seconds per step of an answer; knows no step's work."""

from __future__ import annotations

import time


class Clock:
    """Seconds per step, by a clock that never goes back."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._spent = dict.fromkeys(
            ("understand", "retrieve", "write", "verify", "first_sentence"), 0.0
        )

    def lap(self, step: str) -> None:
        """Counts the seconds since the last lap to a step."""
        now = time.perf_counter()
        self._spent[step] += now - self._last
        self._last = now

    def mark(self, step: str) -> None:
        """Notes the seconds since the start."""
        self._spent[step] = time.perf_counter() - self._start

    def finish(self) -> dict[str, float]:
        """Seconds per step, and in total."""
        total = time.perf_counter() - self._start
        return {step: round(spent, 4) for step, spent in (self._spent | {"total": total}).items()}
