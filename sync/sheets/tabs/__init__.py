"""The tabs beside the jobs, and the formatting of all."""
