"""python chatwoot.py: keeps a Chatwoot conversation for each of our tickets, in an inbox of the kind API.

WEBHOOK_SECRET, CHATWOOT_URL, CHATWOOT_TOKEN, CHATWOOT_ACCOUNT, CHATWOOT_INBOX.
"""

import json, os, urllib.request
from datetime import datetime
from receiver import serve

INBOX = int(os.environ.get("CHATWOOT_INBOX", "1"))
KNOWN = {}  # our number: Chatwoot's conversation; in a database


def call(path, body):
    address = f"{os.environ['CHATWOOT_URL']}/api/v1/accounts/{os.environ['CHATWOOT_ACCOUNT']}{path}"
    headers = {"api_access_token": os.environ["CHATWOOT_TOKEN"], "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=8) as answer:
        return json.load(answer)


def begin(ticket):
    """A contact named after the ticket: who asks stays with us."""
    made = call("/contacts", {"inbox_id": INBOX, "name": ticket["number"]})["payload"]
    source = {"source_id": made["contact_inbox"]["source_id"], "contact_id": made["contact"]["id"]}
    return call("/conversations", {"inbox_id": INBOX, **source, "status": "open"})["id"]


def status_of(ticket):
    if ticket["status"] in ("resolved", "closed"):
        return {"status": "resolved"}
    if ticket["snoozed_until"]:
        return {
            "status": "snoozed",
            "snoozed_until": int(datetime.fromisoformat(ticket["snoozed_until"]).timestamp()),
        }
    return {"status": "open"}


def handle(event):
    data = event["data"]
    ticket = data.get("ticket")
    if ticket is None:  # a ping
        return
    if ticket["number"] not in KNOWN:
        KNOWN[ticket["number"]] = begin(ticket)
    here = f"/conversations/{KNOWN[ticket['number']]}"
    said = data.get("text") or f"{event['type']} {data['actor']}"
    is_word = "text" in data and event["type"] in ("ticket.resident_wrote", "ticket.replied")
    kind = "incoming" if event["type"] == "ticket.resident_wrote" else "outgoing"
    call(f"{here}/messages", {"content": said, "message_type": kind, "private": not is_word})
    call(f"{here}/toggle_status", status_of(ticket))


if __name__ == "__main__":
    serve(handle)
