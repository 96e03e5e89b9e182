"""Captures of system calls (``.scap``): how they are read, and written."""
