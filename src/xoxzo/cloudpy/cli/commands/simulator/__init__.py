"""`xoxzo simulator`: runs the simulator, lists and stops those that run."""
