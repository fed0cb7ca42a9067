"""Dial-in numbers (API section 6) and, long ago, receiving numbers (API section 4): five calls each, of one shape."""

from __future__ import annotations

from dataclasses import dataclass

from xoxzo.cloudpy.simulator.openapi.common import url
from xoxzo.cloudpy.simulator.openapi.shapes import (
    Body,
    Chapter,
    Endpoint,
    Json,
    array,
    in_path,
    integer,
    nullable,
    number,
    query,
    record,
    ref,
    text,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: str
    name: str
    path: str
    sections: tuple[str, str, str, str, str]
    prices: Json
    sample: Json
    retired: bool

    @property
    def uid(self) -> Json:
        return text("The number's key: two letters of the country and 14 more.", pattern="^[A-Za-z0-9]+$")

    def schemas(self) -> dict[str, Json]:
        number_fields: Json = {
            f"{self.kind}_uid": text("The key that all calls take."),
            self.kind: text("The number with its country code, without a +."),
            "country_code": text("Dialling code."),
            "prefix": text("Area prefix without its 0."),
            "monthly_cost": number("Credits at subscription and for each further 30 days."),
            **self.prices,
        }
        action = record({"url": nullable(text(format="uri"))}, description="Where the number's action is asked for.")
        return {
            self.name: record(number_fields),
            f"Subscribed{self.name}": record({**number_fields, "action": action}),
            f"{self.name}Subscription": record({f"{self.kind}_uid": self.uid}),
            f"{self.name}Action": record({"action_url": url("Is asked when a call or message comes in.")}),
        }

    def chapter(self, title: str, description: str) -> Chapter:
        return Chapter(
            title=title,
            description=description,
            schemas=self.schemas(),
            endpoints=(self._search(), self._subscribe(), self._list(), self._attach(), self._release()),
        )

    def _search(self) -> Endpoint:
        return Endpoint(
            section=self.sections[0],
            method="get",
            path=self.path,
            name=f"search{self.name}s",
            summary="Search free numbers",
            parameters=(
                query("country", "Two letters, for example `JP`.", text()),
                query("prefix", "What the number begins with: country code and prefix, for example `8150`.", text()),
            ),
            answer="The free numbers; an empty list when there are none.",
            result=array(ref(self.name)),
            example=[self.sample],
            any_name_wrong=True,
            missing=self.retired,
            retired=self.retired,
        )

    def _subscribe(self) -> Endpoint:
        return Endpoint(
            section=self.sections[1],
            method="post",
            path=f"{self.path}subscriptions/",
            name=f"subscribe{self.name}",
            summary="Subscribe a number",
            description="The first 30 days are charged at once; each further 30 days renew by themselves.",
            body=Body(
                schema=ref(f"{self.name}Subscription"), example={f"{self.kind}_uid": self.sample[f"{self.kind}_uid"]}
            ),
            status=201,
            answer="Subscribed and charged.",
            result=ref(f"Subscribed{self.name}"),
            example={**self.sample, "action": {"url": None}},
            leads_to={
                name: {"parameters": {f"{self.kind}_uid": f"$response.body#/{self.kind}_uid"}}
                for name in (f"set{self.name}Action", f"unsubscribe{self.name}")
            },
            wrong=(f"{self.kind}_uid",),
            charged=True,
            missing=self.retired,
            retired=self.retired,
        )

    def _list(self) -> Endpoint:
        return Endpoint(
            section=self.sections[2],
            method="get",
            path=f"{self.path}subscriptions/",
            name=f"listSubscribed{self.name}s",
            summary="List your numbers",
            answer="The numbers that the account subscribes.",
            result=array(ref(f"Subscribed{self.name}")),
            example=[{**self.sample, "action": {"url": "https://example.com/action"}}],
            missing=self.retired,
            retired=self.retired,
        )

    def _attach(self) -> Endpoint:
        return Endpoint(
            section=self.sections[3],
            method="post",
            path=f"{self.path}subscriptions/{{{self.kind}_uid}}/",
            name=f"set{self.name}Action",
            summary="Set a number's action URL",
            description="It takes the place of the one before.",
            parameters=self._key(),
            body=Body(schema=ref(f"{self.name}Action"), example={"action_url": "https://example.com/action"}),
            answer="Set. The answer has no body.",
            wrong=("action_url",),
            missing=True,
            retired=self.retired,
        )

    def _release(self) -> Endpoint:
        return Endpoint(
            section=self.sections[4],
            method="delete",
            path=f"{self.path}subscriptions/{{{self.kind}_uid}}/",
            name=f"unsubscribe{self.name}",
            summary="Release a number",
            description="Within 24 hours of subscribing, part of the first month is returned.",
            parameters=self._key(),
            answer="Released. The answer has no body.",
            missing=True,
            retired=self.retired,
        )

    def _key(self) -> tuple[Json, ...]:
        return (in_path(f"{self.kind}_uid", "From the search.", self.uid),)


DINS = _Kind(
    kind="din",
    name="Din",
    path="/voice/dins/",
    sections=("6.1", "6.2", "6.3", "6.4", "6.5"),
    prices={"minute_cost": number("Credits for each started minute of an incoming call.")},
    sample={
        "din_uid": "JPabc123def456gh",
        "din": "815012345678",
        "country_code": "81",
        "prefix": "50",
        "monthly_cost": 650.0,
        "minute_cost": 1,
    },
    retired=False,
).chapter("Dial-in numbers", "Numbers that people call; your server says what happens then.")

SINS = _Kind(
    kind="sin",
    name="Sin",
    path="/sms/sins/",
    sections=("4", "4", "4", "4", "4"),
    prices={
        "initial_cost": number("Credits once, at subscription."),
        "message_cost": integer("Credits for each message that comes in."),
    },
    sample={
        "sin_uid": "JPabc123def456gh",
        "sin": "815090000001",
        "country_code": "81",
        "prefix": "50",
        "monthly_cost": 1000.0,
        "initial_cost": 1000.0,
        "message_cost": 1,
    },
    retired=True,
).chapter(
    "Receiving numbers (retired)",
    "Numbers that received SMS, until 2024-04-30. No sample of their replies survives: the shapes are the simulator's, "
    "which serves them with `--legacy-sin` and answers 404 otherwise.",
)
