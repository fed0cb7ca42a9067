"""The same URLs with an asynchronous view, for a project that is served by ASGI."""

from django.urls import path

from .views import receive_async

app_name = "xoxzo"
urlpatterns = [path("<str:purpose>/<str:token>", receive_async, name="callback")]
