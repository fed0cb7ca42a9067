"""The configuration file, its profiles and tokens, and the simulator of this machine: where requests go."""
