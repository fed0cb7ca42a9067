"""An MCP server (Model Context Protocol) with tools that read the account and, within limits, send: `xoxzo mcp`."""
