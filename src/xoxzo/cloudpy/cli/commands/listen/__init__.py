"""`xoxzo listen`: receives callbacks and shows them."""
