"""What is at fault in the pinned packages, mended for those who import it from here."""
