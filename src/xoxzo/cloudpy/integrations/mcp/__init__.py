"""Xoxzo for assistants, over the Model Context Protocol: what stands behind `xoxzo mcp`.

`looking` only reads. `spending` sends and costs credits; its tools exist only where an allow-list of numbers and a
budget were given, and every call of them is held against both (`allowance`) before anything goes out.
"""
