"""A DAG whose runs say that a Deployment runs DAGs."""
