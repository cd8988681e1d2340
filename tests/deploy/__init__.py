"""The files that users deploy with, as they stand in docs/deploy."""
