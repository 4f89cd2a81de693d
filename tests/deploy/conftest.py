"""The service as a process, as the tests of collector-config/ have it."""

from tests.collector_config.conftest import start

__all__ = ["start"]
