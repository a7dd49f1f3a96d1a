"""Text metrics and statistics: pure functions."""
