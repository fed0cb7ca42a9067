"""The account (API section 9) and utilities (API section 8)."""

from __future__ import annotations

from xoxzo.cloudpy.simulator.openapi.common import RECIPIENT
from xoxzo.cloudpy.simulator.openapi.errors import COST
from xoxzo.cloudpy.simulator.openapi.shapes import (
    NUMBER,
    Body,
    Chapter,
    Endpoint,
    array,
    nullable,
    number,
    record,
    ref,
    text,
)

ACCOUNT = Chapter(
    title="Account",
    description="The balance.",
    schemas={"Credits": record({"credits": number("The balance; below zero only where payment is afterwards.")})},
    endpoints=(
        Endpoint(
            section="9.1",
            method="get",
            path="/you/credits/",
            name="getCredits",
            summary="Read the balance",
            answer="The balance.",
            result=ref("Credits"),
            example={"credits": 1000.0},
        ),
    ),
)

UTILITIES = Chapter(
    title="Utilities",
    description="Carriers of phone numbers.",
    schemas={
        "LookupRequest": record({"recipient": RECIPIENT}),
        "Carrier": record(
            {
                "id": text("Identifies this look-up."),
                "recipient": text(),
                "carrier": nullable(text("Its name; null, like the next four, when nothing was found.")),
                "country": nullable(text("Two letters.")),
                "mcc": nullable(text("Mobile country code, digits.")),
                "mnc": nullable(text("Mobile network code, digits.")),
                "mccmnc": nullable(text("Both.")),
                "cost": COST,
            }
        ),
    },
    endpoints=(
        Endpoint(
            section="8.1",
            method="post",
            path="/utilities/carrierlookup/",
            name="lookUpCarrier",
            summary="Find the carrier of a number",
            description="Charged also when nothing is found.",
            body=Body(schema=ref("LookupRequest"), example={"recipient": NUMBER}),
            status=201,
            answer="What is known.",
            result=array(ref("Carrier"), minItems=1, maxItems=1),
            example=[
                {
                    "id": "VncyEuDbojkzRJ2GlKP3USB7C5F6atp1",
                    "recipient": NUMBER,
                    "carrier": "KDDI",
                    "country": "JP",
                    "mcc": "440",
                    "mnc": "54",
                    "mccmnc": "44054",
                    "cost": 5,
                }
            ],
            wrong=("recipient",),
            charged=True,
        ),
    ),
)
