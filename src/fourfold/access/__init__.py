"""Users, roles, groups and API keys."""
