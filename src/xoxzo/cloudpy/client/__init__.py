"""The client: what programs call, how calls are made, and the resources by chapter of the API."""
