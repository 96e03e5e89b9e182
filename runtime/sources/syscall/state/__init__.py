"""What is known of a machine while its system calls are read: processes, descriptors, users."""
