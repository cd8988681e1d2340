"""The container's entrypoint: makes ready what a command needs, then becomes that command.

It runs before Airflow and never imports it, so that `airflow version` starts as fast as it would
without an entrypoint.
"""
