"""What commands write: results, tables, progress and errors."""
