"""Lineage events that reach OpenLineage's server, and never hold up the task they tell of."""
