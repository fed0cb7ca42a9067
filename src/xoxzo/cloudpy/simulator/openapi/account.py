"""One-time passwords (API section 7), utilities (API section 8) and the account (API section 9)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi import shapes
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    Body,
    Chapter,
    Endpoint,
    integer,
    nullable,
    number,
    record,
    ref,
    text,
)

_ID = "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"
_SITE = "https://example.com"
_WEBSITE = text("Your website, as it was registered.", minLength=1)
_CODE = text("The code that the person typed.", minLength=1)
_VERIFICATION = {
    "website": _WEBSITE,
    "phone_number": shapes.RECIPIENT,
    "otp": _CODE,
    "otp_id": text("The `msgid` of the request.", minLength=1),
    "code": _CODE,
    "otp_code": _CODE,
}

OTP = Chapter(
    "One-time passwords",
    "Codes that the service makes, sends by SMS and checks.",
    {
        "WebsiteRequest": record(
            website=text("Your domain or its address.", minLength=1),
            template_id=integer("Only 3 exists.", const=3),
            optional=("template_id",),
        ),
        "OtpRequest": record(website=_WEBSITE, phone_number=shapes.RECIPIENT),
        "OtpSent": record(msgid=text("The key to the message's state.")),
        "OtpVerification": {
            **record(
                "Two forms are published: `website`, `phone_number` and the code, or `otp_id` and the code. "
                "The code is called `otp` in the first and `code` in the second.",
                **_VERIFICATION,
                optional=_VERIFICATION,
            ),
            "anyOf": [{"required": ["website", "phone_number", "otp"]}, {"required": ["otp_id", "code"]}],
        },
        "Confirmation": record("A message for people.", message=text()),
    },
    (
        Endpoint(
            *("7.1", "post", "/otp/register-website/", "registerWebsite", "Register a website", "Registered."),
            body=Body("WebsiteRequest", {"website": _SITE}),
            status=201,
            result=ref("Confirmation"),
            example={"message": "Website registered successfully."},
            leads_to={"requestOtp": {"requestBody": {"website": "$request.body#/website", "phone_number": NUMBER}}},
        ),
        Endpoint(
            *("7.2", "post", "/otp/request/", "requestOtp", "Send a code", "Sent and charged."),
            description="One code at a time for each phone and website. The code itself is never returned.",
            body=Body("OtpRequest", {"website": _SITE, "phone_number": NUMBER}),
            status=201,
            result=ref("OtpSent"),
            example={"msgid": _ID},
            leads_to={
                **shapes.response_value("msgid", "getSms"),
                "verifyOtp": {"requestBody": {"otp_id": "$response.body#/msgid", "code": "000000"}},
            },
            charged=True,
        ),
        Endpoint(
            *("7.3", "post", "/otp/verify/", "verifyOtp", "Check a code"),
            "The code is right; it cannot be used again.",
            description="The replies are not published; these are the simulator's.",
            body=Body("OtpVerification", {"website": _SITE, "phone_number": NUMBER, "otp": "123456"}),
            result=ref("Confirmation"),
            example={"message": "OTP verified successfully."},
            refusals=(ref("Confirmation"),),
        ),
    ),
)

UTILITIES = Chapter(
    "Utilities",
    "Carriers of phone numbers.",
    {
        "LookupRequest": record(recipient=shapes.RECIPIENT),
        "Carrier": record(
            id=text("Identifies this look-up."),
            recipient=text(),
            carrier=nullable(text("Its name; null, like the next four, when nothing was found.")),
            country=nullable(text("Two letters.")),
            mcc=nullable(text("Mobile country code, digits.")),
            mnc=nullable(text("Mobile network code, digits.")),
            mccmnc=nullable(text("Both.")),
            cost=shapes.COST,
        ),
    },
    (
        Endpoint(
            *("8.1", "post", "/utilities/carrierlookup/", "lookUpCarrier", "Find the carrier of a number"),
            "What is known.",
            description="Charged also when nothing is found.",
            body=Body("LookupRequest", {"recipient": NUMBER}),
            status=201,
            result=shapes.one_or_more(ref("Carrier")),
            example=[
                {
                    "id": _ID,
                    "recipient": NUMBER,
                    "carrier": "KDDI",
                    "country": "JP",
                    "mcc": "440",
                    "mnc": "54",
                    "mccmnc": "44054",
                    "cost": 5,
                }
            ],
            charged=True,
        ),
    ),
)

ACCOUNT = Chapter(
    "Account",
    "The balance.",
    {"Credits": record(credits=number("The balance; below zero only where payment is afterwards."))},
    (
        Endpoint(
            *("9.1", "get", "/you/credits/", "getCredits", "Read the balance", "The balance."),
            result=ref("Credits"),
            example={"credits": 1000.0},
        ),
    ),
)
