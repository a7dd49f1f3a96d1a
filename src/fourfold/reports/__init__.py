"""Reports out of evidence: what was found, for people who decide."""

from fourfold.reports.decision import decision_report

__all__ = ["decision_report"]
