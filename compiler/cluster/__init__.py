"""What a cluster is told so that it logs and sends what the rules need."""
