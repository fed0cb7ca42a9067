"""A configuration of the command line, for tests."""

from pathlib import Path


def written(home: Path, text: str, mode: int = 0o600) -> Path:
    """Write the configuration."""
    path = home / "config" / "xoxzo" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path
