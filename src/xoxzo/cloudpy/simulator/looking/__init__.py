"""Looking into the simulator: searches, time lines and charts' figures, as plain values."""
