"""What a type checker must not let pass: each line marked as an error is one. This file is never run."""
# mypy: ignore-errors
# The line above keeps `mypy tests` quiet; test_typing.py checks a copy without it.

from __future__ import annotations

from xoxzo.cloudpy import AsyncClient, Attempt, Call, CallStatus, Client, Clinet, Message, MessageStatus  # error


def client_misuse() -> None:
    """Arguments of a client."""
    Client("s", "t")  # error
    Client(sid="s", token="t")  # error
    Client(sid="s", auth_token="t", timeout="5")  # error
    Client(sid="s", auth_token="t", timeout=(1, 2, 3))  # error
    Client(sid="s", auth_token="t", max_retries=1.5)  # error
    Client(sid="s", auth_token="t", on_event=hook_without_event)  # error
    Client(sid="s", auth_token="t", transport=object())  # error
    Client(sid=b"s", auth_token="t")  # error


def hook_without_event() -> None:
    """Not a hook: it takes no event."""


def sms_misuse(client: Client) -> None:
    """Arguments of a send."""
    client.sms.send("+818011112222", "Xoxzo1", "Hello")  # error
    client.sms.send(recipient="+818011112222", sender="Xoxzo1")  # error
    client.sms.send(recipient="+818011112222", sender="Xoxzo1", mesage="Hello")  # error
    client.sms.send(recipient=818011112222, sender="Xoxzo1", message="Hello")  # error
    client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello", callbackurl="https://e.com/")  # error
    client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello", tags=1)  # error
    client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello", track_link="true")  # error
    client.sms.list(on=20260131)  # error
    client.sms.list("2026-01-31")  # error
    client.sms.get(7)  # error
    client.sms.get()  # error
    client.sms.sent("m")  # error


def other_misuse(client: Client) -> None:
    """Arguments of the others."""
    client.calls.play("814512345678", "+818011112222", "http://example.com/1.mp3")  # error
    client.calls.say(caller="81", recipient="+818011112222", tts_message="Hello")  # error
    client.dins.set_action_url("d", "https://example.com/")  # error
    client.dins.search("JP")  # error
    client.account.credit()  # error
    client.templates.send("7", recipient="+818011112222", sender="Xoxzo1")  # error
    client.templates.send(7, recipient="+818011112222", sender="Xoxzo1", variables={"age": 7})  # error
    client.templates.update(7, "name")  # error
    client.templates.get("7")  # error
    client.otp.verify("https://example.com", "+818011112222", "482913")  # error
    client.otp.request(website="https://example.com", recipient="+818011112222")  # error
    client.conferences.create(caller="81", participants=[1, 2])  # error
    client.lookup.carrier()  # error
    client.with_options(sid="other")  # error
    client.with_options(10)  # error


def result_misuse(client: Client, message: Message, call: Call, event: Attempt) -> None:
    """What comes back."""
    message.status = MessageStatus.FAIL  # error
    print(message.text)  # error
    print(message.cost + 1)  # error
    status: CallStatus = message.status  # error
    print(call.duration.seconds, status)  # error
    names: tuple[int, ...] = message.tags  # error
    print(event.recipient, names)  # error
    found: bool = client.sms.find("r")  # error
    print(found, Clinet)


async def forgotten_await(client: AsyncClient) -> None:
    """A send that is not awaited is not sent."""
    client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello")  # error
    client.account.credits()  # error
    client.dins.unsubscribe("d")  # error
    client.close()  # error
    print(client.sms.get("m").status)  # error
    sent = client.sms.send(recipient="+818011112222", sender="Xoxzo1", message="Hello")
    print(sent.msgid)  # error
    for message in client.sms.list():  # error
        print(message)
    await client.sms.list()  # error
    with AsyncClient(sid="s", auth_token="t"):  # error
        pass
