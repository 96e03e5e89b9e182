"""The syscall source: what is known about it at compile time."""
