"""The shop's Celery application."""

import os

from celery import Celery

from xoxzo.cloudpy.integrations.celery import install

app = Celery("shop", broker=os.environ["SHOP_BROKER"], backend=os.environ["SHOP_BROKER"])
app.conf.worker_prefetch_multiplier = 1
app.conf.broker_transport_options = {"visibility_timeout": 3600}
app.conf.broker_connection_retry_on_startup = True

install(app, sender="Shop")
