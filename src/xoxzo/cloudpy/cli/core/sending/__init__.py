"""What commands that send have in common: options, recipients, confirmation, one result for each recipient."""
