"""`xoxzo alertmanager`: Prometheus alerts as SMS and calls."""
