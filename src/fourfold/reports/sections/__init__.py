"""The sections of a report in their order, one file each; `templates` lays each out."""
