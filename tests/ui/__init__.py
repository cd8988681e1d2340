"""Every page of Airflow's UI, as a browser shows it."""
