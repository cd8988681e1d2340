"""A release with its database, started by one command."""
