"""Experiments: several systems on one dataset, every answer kept, compared with intervals."""
