"""Append-only records of what was found and decided, that reports can cite."""

from fourfold.evidence.chain import Chain, Entry

__all__ = ["Chain", "Entry"]
