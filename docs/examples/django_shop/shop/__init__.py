"""A shop that sends reminders by SMS and answers its dial-in number: Django."""
