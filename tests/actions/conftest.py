from tests.status.conftest import bench, run

__all__ = ["bench", "run"]
