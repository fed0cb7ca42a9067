"""Adapters for frameworks. Each module needs a framework of its own, and is imported only on request."""
