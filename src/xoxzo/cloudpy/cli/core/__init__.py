"""What commands share: options, the session, output, translation, exit codes."""
