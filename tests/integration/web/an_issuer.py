"""An OpenID Connect issuer on loopback: it signs in whoever is named beforehand, and lies where it is told to."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from joserfc.jws import JWSRegistry

from tracker import clock

CLIENT, SECRET = "tracker", "a secret of the client"
Twist = Callable[[dict[str, Any]], None]


@lru_cache
def a_key(kid: str) -> RSAKey:
    """Return a key of a name, made once a run."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, private=True)


class AnIssuer:
    """Answers discovery, authorization, token and keys; `twists` change what it says before it is signed."""

    def __init__(self) -> None:
        self.key = a_key("k1")
        self.person: dict[str, Any] = {"sub": "s-1"}
        self.twist: Twist = lambda claims: None
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.metadata: dict[str, Any] = {}
        self.codes: dict[str, Mapping[str, str]] = {}
        self.asked: list[str] = []
        self.public = True  # a client that has no secret
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/realm"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "AnIssuer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def new_key(self, kid: str) -> None:
        """Sign with another key from now on."""
        self.key = a_key(kid)

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """Return an ID token as it should be."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid, **header}, claims, self.key)

    def unsigned(self, claims: dict[str, Any]) -> str:
        """Return one of alg none."""
        return ".".join([_b64(json.dumps({"alg": "none"}).encode()), _b64(json.dumps(claims).encode()), ""])

    def confused(self, claims: dict[str, Any]) -> str:
        """Return one signed with the public key as if it were a secret."""
        key = OctKey.import_key(self.key.as_pem(private=False))
        header = {"alg": "HS256", "kid": self.key.kid}
        return jwt.encode(header, claims, key, registry=JWSRegistry(algorithms=["HS256"]))

    def forged(self, claims: dict[str, Any]) -> str:
        """Return one signed by another key of the same name."""
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, a_key("another"))

    def discovery(self) -> dict[str, Any]:
        """Return what it says of itself."""
        said = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "code_challenge_methods_supported": ["S256"],
        }
        return {**said, **self.metadata}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Return where the browser is sent back to."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return f"{asked['redirect_uri']}?{urlencode({'error': 'invalid_request', 'state': asked['state']})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.url})}"

    def token(self, form: Mapping[str, str], basic: str | None) -> tuple[int, dict[str, Any]]:
        """Return the tokens a code is worth, once, to who has the verifier."""
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = _b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        proved = self.public or basic == f"{CLIENT}:{SECRET}"
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if not proved:
            return 401, {"error": "invalid_client"}
        now = int(clock.now().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        self.twist(claims)
        return 200, {"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": self.sign(claims)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                issuer.asked.append(parts.path)
                if parts.path.endswith("openid-configuration"):
                    self.say(200, issuer.discovery())
                elif parts.path.endswith("/jwks"):
                    self.say(200, {"keys": [issuer.key.as_dict(private=False)]})
                elif parts.path.endswith("/authorize"):
                    self.send_response(302)
                    self.send_header("Location", issuer.authorize(_flat(parts.query)))
                    self.end_headers()
                else:
                    self.say(404, {})

            def do_POST(self) -> None:
                issuer.asked.append(self.path)
                form = _flat(self.rfile.read(int(self.headers["Content-Length"])).decode())
                basic = self.headers.get("Authorization", "")
                given = base64.b64decode(basic[6:]).decode() if basic.startswith("Basic ") else None
                self.say(*issuer.token(form, given))

            def say(self, status: int, said: Mapping[str, Any]) -> None:
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
