"""What stands around Airflow in a deployment: its database, its environment, its DAGs."""
