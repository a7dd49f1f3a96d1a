"""The one database: opening, migrating, backing up."""
