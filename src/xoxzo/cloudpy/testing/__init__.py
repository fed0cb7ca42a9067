"""The simulator in other people's tests: a pytest plugin, which needs no configuration.

The extra ``pytest`` brings what it needs (``pip install "xoxzo-cloudpy[pytest]"``); the fixtures are then there.
"""
