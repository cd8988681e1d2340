"""Who changed what by the REST API, in the audit log beside what Airflow notes of the UI."""
