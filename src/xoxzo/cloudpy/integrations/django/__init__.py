"""Xoxzo in a Django project: callbacks as signals, a delivery log with admin, and SMS backends.

Add ``"xoxzo.cloudpy.integrations.django"`` to ``INSTALLED_APPS``. Needs the extra ``django``
(``pip install "xoxzo-cloudpy[django]"``).
"""
