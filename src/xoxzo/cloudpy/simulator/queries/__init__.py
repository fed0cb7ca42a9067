"""Reading a simulator: searches, time lines, figures and phones, as plain values."""
