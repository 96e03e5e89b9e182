"""The lints, one concern to a module."""
