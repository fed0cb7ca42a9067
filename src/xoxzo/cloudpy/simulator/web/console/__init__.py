"""The web console: phones, desks, faults and the clock in a browser, always as they stand.

A page is rendered on the server, and whole without a script. With one, it follows the simulator: an event stream tells
that something has changed, the page asks for itself again, and what differs is put in place.

Nothing here is imported before somebody opens a page.
"""
