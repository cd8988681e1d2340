"""A container engine for tests: one that answers, or a private one for the session.

`discover` finds or starts it, and `session` is what tests use.
"""
