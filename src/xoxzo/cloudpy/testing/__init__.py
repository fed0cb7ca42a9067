"""The simulator for the tests of your program, as a pytest plugin without configuration (extra ``pytest``)."""
