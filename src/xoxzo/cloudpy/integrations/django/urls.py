"""The URLs of callbacks: ``path("xoxzo/", include("xoxzo.cloudpy.integrations.django.urls"))``.

``XOXZO["PUBLIC_URL"]`` is where the world sees that path.
"""

from django.urls import path

from .views import receive

app_name = "xoxzo"
urlpatterns = [path("<str:purpose>/<str:token>", receive, name="callback")]
