"""The checks of `xoxzo doctor`: the machine, the network, the account. Each check returns findings."""
