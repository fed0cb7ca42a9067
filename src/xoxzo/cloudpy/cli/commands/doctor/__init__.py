"""What `xoxzo doctor` looks at: the machine, the way to the server, the account. Each check returns findings."""
