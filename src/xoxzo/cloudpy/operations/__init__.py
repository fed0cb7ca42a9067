"""Define the operations of Xoxzo's API as values: one module per chapter of the API document."""
