"""Fakes and contract tests, for us and for authors of plug-ins."""
