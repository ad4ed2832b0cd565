"""mt-repair: corrected English, with a diff, from text that a machine translated."""

__version__ = "0.1.0"
