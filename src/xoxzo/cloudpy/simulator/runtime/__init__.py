"""What makes an engine run: a thread with an event loop, outbound HTTP, and the object that joins them."""
