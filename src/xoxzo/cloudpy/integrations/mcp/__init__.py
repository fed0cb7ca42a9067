"""An MCP server (Model Context Protocol) with tools that read the account and send: `xoxzo mcp`.

`ReadTools` only read. `SendTools` send and cost credits: they exist only if an allow-list and a budget were given,
and `limits` checks each call against both before anything is sent.
"""
