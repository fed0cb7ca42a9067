"""One service for each chapter of the API: it holds the chapter's records and carries out its rules."""
