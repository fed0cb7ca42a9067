"""The one place that knows an HTTP library.

The default transport drives httpcore2, the engine inside httpx2, rather than httpx2's client: only the engine lets the
network be handed in, and so lets each read be shortened to what is left of a deadline. It also costs less than two
thirds of the CPU per request.
"""
