"""An issuer of tokens that oidc-agent takes for one: prints its URL, then gives everybody the same."""

import http.server
import json


class Issuer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(
            {
                "issuer": url,
                "token_endpoint": url + "token",
                "authorization_endpoint": url + "authorize",
                "scopes_supported": ["openid", "offline_access"],
                "grant_types_supported": ["refresh_token"],
                "response_types_supported": ["code"],
            }
        )

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(
            {
                # As long as those of the other side.
                "access_token": "a" * 1000,
                "refresh_token": "r" * 340,
                "token_type": "Bearer",
                "expires_in": 43200,
            }
        )

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Issuer)
url = f"http://127.0.0.1:{server.server_address[1]}/"
print(url, flush=True)
server.serve_forever()
