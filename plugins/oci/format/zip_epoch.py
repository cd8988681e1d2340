"""The first moment that a zip archive can name."""

ZIP_EPOCH = 315532800
"""1980-01-01T00:00:00Z. Source: PKWARE's APPNOTE 4.4.6, dates in MS-DOS format."""
