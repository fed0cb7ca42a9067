"""One-time passwords (API section 7)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.common import RECIPIENT
from xoxzo.cloudpy.simulator.openapi.shapes import NUMBER, Body, Chapter, Endpoint, integer, record, ref, text

_SITE = "https://example.com"
_WEBSITE = text("Your website, as it was registered.", minLength=1)
_CODE = text("The code that the person typed.", minLength=1)
_OTP_ID = text("The `msgid` of the request.", minLength=1)

CHAPTER = Chapter(
    title="One-time passwords",
    description="Codes that the service makes, sends by SMS and checks.",
    schemas={
        "WebsiteRequest": record(
            {
                "website": text("Your domain or its address.", minLength=1),
                "template_id": integer("Only 3 exists.", const=3),
            },
            optional=("template_id",),
        ),
        "OtpRequest": record({"website": _WEBSITE, "phone_number": RECIPIENT}),
        "OtpSent": record({"msgid": text("The key to the message's state.")}),
        "OtpVerification": {
            **record(
                {
                    "website": _WEBSITE,
                    "phone_number": RECIPIENT,
                    "otp": _CODE,
                    "otp_id": _OTP_ID,
                    "code": _CODE,
                    "otp_code": _CODE,
                },
                optional=("website", "phone_number", "otp", "otp_id", "code", "otp_code"),
                description=(
                    "Two forms are published: `website`, `phone_number` and the code, or `otp_id` and the code. "
                    "The code is called `otp` in the first and `code` in the second."
                ),
            ),
            "anyOf": [{"required": ["website", "phone_number", "otp"]}, {"required": ["otp_id", "code"]}],
        },
        "Told": record({"message": text()}, description="A sentence for people."),
    },
    endpoints=(
        Endpoint(
            section="7.1",
            method="post",
            path="/otp/register-website/",
            name="registerWebsite",
            summary="Register a website",
            body=Body(schema=ref("WebsiteRequest"), example={"website": _SITE}),
            status=201,
            answer="Registered.",
            result=ref("Told"),
            example={"message": "Website registered successfully."},
            leads_to={"requestOtp": {"requestBody": {"website": "$request.body#/website", "phone_number": NUMBER}}},
            wrong=("website", "template_id"),
        ),
        Endpoint(
            section="7.2",
            method="post",
            path="/otp/request/",
            name="requestOtp",
            summary="Send a code",
            description="One code at a time for each phone and website. The code itself is never returned.",
            body=Body(schema=ref("OtpRequest"), example={"website": _SITE, "phone_number": NUMBER}),
            status=201,
            answer="Sent and charged.",
            result=ref("OtpSent"),
            example={"msgid": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1"},
            leads_to={
                "getSms": {"parameters": {"msgid": "$response.body#/msgid"}},
                "verifyOtp": {"requestBody": {"otp_id": "$response.body#/msgid", "code": "000000"}},
            },
            wrong=("website", "phone_number"),
            charged=True,
        ),
        Endpoint(
            section="7.3",
            method="post",
            path="/otp/verify/",
            name="verifyOtp",
            summary="Check a code",
            description="The replies are not published; these are the simulator's.",
            body=Body(
                schema=ref("OtpVerification"), example={"website": _SITE, "phone_number": NUMBER, "otp": "123456"}
            ),
            answer="The code is right; it cannot be used again.",
            result=ref("Told"),
            example={"message": "OTP verified successfully."},
            wrong=("website", "phone_number", "otp", "otp_id", "code", "otp_code"),
            refusals=(ref("Told"),),
        ),
    ),
)
