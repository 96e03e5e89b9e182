"""What compiled rules need to run: no grammar, no YAML, no compiler."""
