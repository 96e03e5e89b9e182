"""System calls as the audit subsystem of Linux logs them."""
