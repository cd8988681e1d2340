"""Whether a component of Airflow works, for Kubernetes' probes and the image's HEALTHCHECK."""
