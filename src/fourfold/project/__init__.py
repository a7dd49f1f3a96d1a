"""The composition root: reads `fourfold.yaml` and turns names into objects."""

from fourfold.project.project import (
    LOCAL,
    Project,
    backup_project,
    open_project,
    restore_project,
)

__all__ = ["LOCAL", "Project", "backup_project", "open_project", "restore_project"]
