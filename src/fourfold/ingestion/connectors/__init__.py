"""Connectors by name: where documents come from."""

from fourfold.core.registry import Registry
from fourfold.ingestion.base import Connector

CONNECTORS: Registry[Connector] = Registry(
    "connector",
    group="fourfold.connectors",
    builtin={"folder": "fourfold.ingestion.connectors.folder:FolderConnector"},
)
