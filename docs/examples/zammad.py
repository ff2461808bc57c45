"""python zammad.py: keeps a Zammad ticket for each of ours. WEBHOOK_SECRET, ZAMMAD_URL, ZAMMAD_TOKEN."""

import json, os, urllib.request
from receiver import serve

GROUP = os.environ.get("ZAMMAD_GROUP", "Users")
CUSTOMER = os.environ.get("ZAMMAD_CUSTOMER", "helpdesk@example.org")  # one for all: who asks stays with us
KNOWN = {}  # our number: Zammad's id; in a database
STATES = {"new": "new", "open": "open", "waiting": "open", "resolved": "closed", "closed": "closed"}
PRIORITIES = {"low": "1 low", "normal": "2 normal", "high": "3 high", "urgent": "3 high"}


def call(method, path, body):
    headers = {
        "Authorization": f"Token token={os.environ['ZAMMAD_TOKEN']}",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(
        os.environ["ZAMMAD_URL"] + path, json.dumps(body).encode(), headers, method=method
    )
    with urllib.request.urlopen(request, timeout=8) as answer:
        return json.load(answer)


def handle(event):
    data = event["data"]
    ticket = data.get("ticket")
    if ticket is None:  # a ping
        return
    number = ticket["number"]
    said = data.get("text") or f"{data['actor']} {json.dumps(data['details'], ensure_ascii=False)}"
    fields = {
        "state": STATES[ticket["status"]],
        "priority": PRIORITIES[ticket["priority"]],
        "article": {"subject": event["type"], "body": said, "type": "note", "internal": True},
    }
    if ticket["snoozed_until"]:  # Zammad wants to know until when
        fields |= {"state": "pending reminder", "pending_time": ticket["snoozed_until"]}
    if number in KNOWN:
        call("PUT", f"/api/v1/tickets/{KNOWN[number]}", fields)
    else:
        new = {"title": f"{number} {ticket['reason']}", "group": GROUP, "customer_id": f"guess:{CUSTOMER}"}
        KNOWN[number] = call("POST", "/api/v1/tickets", {**new, **fields})["id"]


if __name__ == "__main__":
    serve(handle)
