"""The composition root: reads `fourfold.yaml` and turns names into objects."""
