"""Sends usage as CloudEvents through the SDK `cloudevents`: structured, in binary mode, and batched; each event twice.

  python cloud_events.py COLLECTOR-URL SOURCE EVENTS

Structured events and batches go to OpenMeter's path, binary ones to the source's own. Event N uses N + 10 tokens of input and N of
output, of the model that its mode names. Exit code 1: a request wasn't taken.
"""
import json
import sys
from datetime import datetime, timezone

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

URL, SOURCE, EVENTS = sys.argv[1], sys.argv[2], int(sys.argv[3])
METERED, OWN = f"{URL}/api/v1/events", f"{URL}/v1/events/{SOURCE}"


def event(mode, number):
    return CloudEvent(
        attributes={
            "id": f"{mode}-{number}", "source": "/apps/a b", "type": "tokens", "subject": "团队 \"a\" 50%", "specversion": "1.0",
            "time": datetime.now(timezone.utc), "datacontenttype": "application/json",
        },
        data={"model": f"stub-{mode}", "usage": {"prompt_tokens": number + 10, "completion_tokens": number}})


def post(url, message):
    response = requests.post(url, headers=message[0], data=message[1], timeout=60)
    if not response.ok:
        raise SystemExit(f"{url} answered {response.status_code}: {response.text}")


batch = []
for number in range(1, EVENTS + 1):
    binary = to_binary_event(event("binary", number))
    structured = to_structured_event(event("structured", number))
    batch.append(json.loads(to_structured_event(event("batched", number)).body))
    for _ in range(2):
        post(OWN, (binary.headers, binary.body))
        post(METERED, (structured.headers, structured.body))
for _ in range(2):
    post(METERED, ({"content-type": "application/cloudevents-batch+json"}, json.dumps(batch).encode()))
