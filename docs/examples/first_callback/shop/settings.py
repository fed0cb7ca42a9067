INSTALLED_APPS += ["xoxzo.cloudpy.integrations.django", "shop.apps.ShopConfig"]
XOXZO = {"SENDER": "Shop", "PUBLIC_URL": "http://127.0.0.1:8000/xoxzo"}
