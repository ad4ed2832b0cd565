"""The family of errors that the product raises on purpose; each front door translates them from one table."""


class RepairError(Exception):
    """Base of every error raised on purpose. Messages name the thing and the remedy, never the submitted text."""


class InputError(RepairError):
    """The caller's data cannot be used: HTTP 4xx, exit code 2.

    Args:
        message: What is wrong and what to do about it.
        code: A stable machine-readable word, such as ``"text-too-long"``.
        pointer: JSON pointer of the offending field, such as ``"/glossary/entries/0/target"``.
    """

    def __init__(self, message: str, *, code: str = "invalid-input", pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer


class ResourceError(RepairError):
    """A model or a knowledge base is missing, damaged or not ready: HTTP 503, exit code 2."""


class DeadlineError(RepairError):
    """The time for the request ran out before the work was done: HTTP 504."""


class GenerationError(RepairError):
    """A segment fails even when it is tried alone: its status is ``error`` and its text is kept."""
