"""What can be asked of Xoxzo, as values: one module per chapter of the API document."""
