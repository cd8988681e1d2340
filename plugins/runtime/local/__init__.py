"""A release that runs on this machine, for those who work on it: plain Python, without Pants."""
