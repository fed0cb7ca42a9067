"""Pure rules of the API: how numbers, URLs, texts and actions are read, and what things cost."""
