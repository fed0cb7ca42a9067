"""Xoxzo in a Django project: callbacks as signals, a delivery log with admin, and SMS backends (extra ``django``).

Add ``"xoxzo.cloudpy.integrations.django"`` to ``INSTALLED_APPS``.
"""
