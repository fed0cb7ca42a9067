"""Reports about a campaign: preview, statistics, an HTML page, and exports."""
