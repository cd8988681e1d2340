"""What stands around Airflow in tests; no image holds it."""
