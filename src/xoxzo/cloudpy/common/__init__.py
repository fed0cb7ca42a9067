"""Small facts that every layer may use: processes, hosts, masking, the version."""
