"""Errors of the test engine. Each message is one sentence that says what to do."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything this package raises by intent."""


class NoEngine(EngineError):
    """No engine answers, and a private one cannot be started on this machine."""


class EngineFailed(EngineError):
    """A private engine was started and did not become ready; the message ends with its log."""


class BadLayout(EngineError):
    """A folder is not an OCI layout that holds exactly one image."""


class TimedOut(EngineError):
    """Something did not happen within its bound; the message ends with the container's log."""
