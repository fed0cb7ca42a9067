"""A shop that reminds its guests by SMS and answers its dial-in number: Django."""
