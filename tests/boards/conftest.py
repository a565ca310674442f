"""The fixtures of the core's tests, for boards."""

from tests.doctor.conftest import patient
from tests.security.conftest import lines
from tests.sheets.conftest import asking, bench, configured, store_bench

__all__ = ["asking", "bench", "configured", "lines", "patient", "store_bench"]
