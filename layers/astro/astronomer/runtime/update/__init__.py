"""Tells those who may act on it that a newer patch of the running release exists."""
