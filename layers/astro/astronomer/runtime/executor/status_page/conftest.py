"""The platform's key, for the webserver of the tests."""

from astronomer.runtime.security.conftest import rsa_key

__all__ = ["rsa_key"]
