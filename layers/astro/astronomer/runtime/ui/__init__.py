"""The look of Airflow's UI: its colours, the Astronomer menu, and in the footer what is running."""
