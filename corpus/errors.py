"""Every exception of Framewise, lowest so that all rooms can import it; knows nothing of who raises it.

FramewiseError              shown to the user as one line: what happened, the value seen, the command that mends it
├── CorpusError             a document, table or taxonomy breaks its format; names file and line
│   └── UnreadableError     a file that is no document: not UTF-8, empty, too large, or not readable
├── QuestionError           a question that cannot be asked (also a ValueError)
├── StorageError            the home folder cannot be read or written: read-only, disk full, locked
├── IndexMissingError       there is no index to open
├── IndexDamagedError       an index file differs from its checksum, or is cut short
├── IndexMismatchError      an intact index of another format, encoder or configuration
├── ModelMissingError       weights are not on this machine
├── ModelLoadError          weights are here but cannot be used: damaged, wrong kind, unsafe format
├── DeviceError             a processor that was asked for is not on this machine (also a ValueError)
├── SuiteError              an evaluation question set or log breaks its format
└── MissingExtraError       an optional dependency is not installed
"""

from __future__ import annotations

from pathlib import Path


class FramewiseError(Exception):
    """Something the user can mend.

    Args:
        message: what happened, with the value that was seen.
        fix: what to do about it, a command where there is one; appended to the message.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(f"{message} {fix}".strip())
        self.fix = fix


class CorpusError(FramewiseError):
    """A document, table or taxonomy breaks its format.

    Args:
        message: what is wrong, with the value that was seen.
        path: the file, when there is one.
        line: its line, counted from 1.
        fix: what to do about it.
    """

    def __init__(
        self, message: str, *, path: Path | None = None, line: int | None = None, fix: str = ""
    ) -> None:
        place = "" if path is None else f"{path}:{line}: " if line else f"{path}: "
        super().__init__(f"{place}{message}", fix=fix)
        self.path = path
        self.line = line


class UnreadableError(CorpusError):
    """A file that is no document: not UTF-8, empty, too large, or not readable."""


class QuestionError(FramewiseError, ValueError):
    """A question that cannot be asked: empty, too long, not text."""


class StorageError(FramewiseError):
    """The home folder cannot be read or written."""


class IndexMissingError(FramewiseError):
    """There is no index to open."""


class IndexDamagedError(FramewiseError):
    """An index file differs from its recorded checksum, or is cut short."""


class IndexMismatchError(FramewiseError):
    """An intact index of another format, encoder or configuration."""


class ModelMissingError(FramewiseError):
    """Model weights are not on this machine."""


class ModelLoadError(FramewiseError):
    """Model weights are here but cannot be used."""


class DeviceError(FramewiseError, ValueError):
    """A processor that was asked for is not on this machine."""


class SuiteError(FramewiseError):
    """An evaluation question set or log breaks its format."""


class MissingExtraError(FramewiseError):
    """An optional dependency is not installed."""
