"""The records that the engine holds, by chapter of the API: plain data, with the views that the API shows of them."""
