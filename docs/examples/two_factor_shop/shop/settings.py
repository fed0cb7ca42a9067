"""The shop's settings."""

import os

SECRET_KEY = os.environ["SHOP_SECRET"]
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop.urls"
USE_TZ = True
LOGIN_URL, LOGIN_REDIRECT_URL = "two_factor:login", "/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SHOP_LOG", "shop.db")}}
# The limit of codes for each number is counted here, so all processes have to share it.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "shop",
    "two_factor",
    "two_factor.plugins.phonenumber",
    "xoxzo.cloudpy.integrations.django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # With it, a code that could not be sent is reported on the page.
    "two_factor.middleware.threadlocals.ThreadLocals",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# A number may be typed without its country code.
PHONENUMBER_DEFAULT_REGION = "JP"
TWO_FACTOR_SMS_GATEWAY = "xoxzo.cloudpy.integrations.django.login.two_factor.Gateway"
TWO_FACTOR_CALL_GATEWAY = "xoxzo.cloudpy.integrations.django.login.two_factor.Gateway"
XOXZO = {"SENDER": "Shop", "CALLER": "815012345678", "SMS_BACKEND": os.environ.get("SHOP_SMS", "live")}
