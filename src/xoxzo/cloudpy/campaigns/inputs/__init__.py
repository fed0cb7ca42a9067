"""Read recipients from the files that people have; every bad row is reported with its line and column."""
