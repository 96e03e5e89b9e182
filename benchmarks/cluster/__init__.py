"""A cluster that is made up: who asks its API server for what, and how that is logged."""
