"""python receiver.py: prints what happened to tickets. WEBHOOK_SECRET is what the console showed."""

import base64, hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
SEEN = set()  # in a database, for a day


def is_genuine(headers, body):
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > 300:  # nobody may replay an old one
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)


def serve(handle):
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status = 204 if is_genuine(self.headers, body) else 401
            if status == 204 and self.headers["webhook-id"] not in SEEN:
                try:
                    handle(json.loads(body))
                    SEEN.add(self.headers["webhook-id"])
                except Exception as error:  # not heard: it is sent again
                    status = 500
                    print(f"{type(error).__name__}: {error}", flush=True)
            self.send_response(status)
            self.end_headers()

    HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8100"))), Receiver).serve_forever()


if __name__ == "__main__":
    serve(lambda event: print(event["type"], event["data"].get("ticket", {}).get("number", ""), flush=True))
