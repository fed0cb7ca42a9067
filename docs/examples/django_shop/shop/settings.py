"""The shop's settings."""

import os

SECRET_KEY = os.environ["SHOP_SECRET"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop.urls"
USE_TZ = True
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SHOP_LOG", "shop.db")}}

INSTALLED_APPS = ["django.contrib.contenttypes", "xoxzo.cloudpy.integrations.django", "shop.apps.ShopConfig"]

XOXZO = {
    "SENDER": "Shop",
    "PUBLIC_URL": os.environ["SHOP_URL"] + "/xoxzo",
    "SMS_BACKEND": os.environ.get("SHOP_SMS", "live"),
}
