"""What stands behind ``client.sms``, ``client.calls`` and the others: written for asyncio, generated for threads."""
