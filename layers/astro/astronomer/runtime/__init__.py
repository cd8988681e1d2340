"""What Astro Runtime adds to Airflow inside an image."""

__version__ = "0.1.0"
