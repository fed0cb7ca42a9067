"""Acting on a simulator: what carriers, the people at Xoxzo and faults do."""
