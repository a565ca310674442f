"""Events to a job, a job to the cells of its row. Pure."""
