"""The commands of `xoxzo`, one module or package each. `xoxzo.cloudpy.cli.app` has the table of them."""
