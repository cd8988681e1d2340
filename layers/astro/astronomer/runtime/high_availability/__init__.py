"""Every task that was scheduled runs, whichever process dies on the way."""
