"""The simulator for the tests of your program, as a pytest plugin without configuration.

Its fixtures are available once the extra ``pytest`` is installed (``pip install "xoxzo-cloudpy[pytest]"``).
"""
