"""How much Airflow does at once, chosen by the CPUs and the memory that the container has."""
