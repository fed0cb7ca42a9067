"""The simulated service itself, without HTTP, files and threads; `engine` is the whole of it, `rules` are pure."""
