"""The web console: phones, carriers, Xoxzo's office, faults and the clock in a browser.

Pages are rendered on the server and work without scripts. With scripts they are live: an event stream names what has
changed, the page requests itself again, and a script replaces what differs.

Nothing here is imported before a page is requested.
"""
