"""What each path of the API does: one module for each chapter of its description."""
