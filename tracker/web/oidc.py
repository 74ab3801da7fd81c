"""OpenID Connect, the client's side: where to send somebody, and whom the issuer says they are when they come back.

Authorization code with PKCE (S256), state and nonce. What the issuer says of itself is read from its discovery
document and kept for a while; its name must be the one that was set. Everything goes over https; a server on
this machine may be spoken to in clear, for trials.
"""

import json
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import decode

from tracker.domain.errors import Refused, TryLater
from tracker.settings import Settings

with warnings.catch_warnings():  # Authlib prefers a successor of httpx that is not there yet
    warnings.simplefilter("ignore")
    from authlib.common.security import generate_token  # type: ignore[import-untyped]
    from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
    from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
    from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]

SCOPE = "openid profile email"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
KEPT = timedelta(hours=1)
AGAIN = timedelta(minutes=1)  # for a key nobody has seen yet, the keys are asked for no more often than this
LEEWAY = 60  # seconds that two clocks may differ
SECONDS = 10.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Errand:
    """What the browser carries, sealed, while it is away: only the answer to this one question is heard."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    next: str
    ends: int

    def text(self) -> str:
        """Return it as text to seal."""
        return json.dumps([self.state, self.nonce, self.verifier, self.next, self.ends])

    @classmethod
    def of(cls, text: str) -> "Errand":
        """Return it from its text."""
        return cls(*json.loads(text))


class Issuer:
    """The issuer of a setting."""

    def __init__(self, settings: Settings, secret: str, back: str) -> None:
        self.url, self.client, self.secret, self.back = settings.oidc_issuer, settings.oidc_client, secret, back
        self._known: tuple[Mapping[str, Any], datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None
        self._asking = threading.Lock()

    def send(self, next: str, *, at: datetime, lasts: timedelta) -> tuple[str, Errand]:
        """Return where to send somebody, and what they carry meanwhile."""
        errand = Errand(
            state=generate_token(32),
            nonce=generate_token(32),
            verifier=generate_token(64),
            next=next,
            ends=int((at + lasts).timestamp()),
        )
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self._end("authorization_endpoint", at),
                state=errand.state,
                nonce=errand.nonce,
                code_verifier=errand.verifier,
            )
        return str(url), errand

    def claims(self, errand: Errand, answer: Mapping[str, str], *, at: datetime) -> Mapping[str, Any]:
        """Return what the ID token says that a code is worth.

        Raises Refused for an answer to another question and a token that does not hold, TryLater where the issuer
        cannot be asked.
        """
        if not compare_digest(answer.get("state", "").encode(), errand.state.encode()) or at.timestamp() > errand.ends:
            raise Refused("this is no answer to what was asked", code="sign-on")
        if answer.get("iss", self.url) != self.url:  # RFC 9207
            raise Refused("another issuer answered", code="sign-on")
        if answer.get("error") or not answer.get("code"):
            raise Refused(f"the issuer said: {answer.get('error', 'nothing')[:80]}", code="sign-on")
        try:
            with self._client() as client:
                token = client.fetch_token(
                    self._end("token_endpoint", at), code=answer["code"], code_verifier=errand.verifier
                )
            return self._checked(str(token["id_token"]), str(token.get("access_token", "")), errand.nonce, at)
        except httpx.HTTPError as error:
            raise TryLater(f"the issuer cannot be asked: {type(error).__name__}", code="sign-on") from None
        except (OAuthError, JoseError, KeyError, ValueError) as error:
            raise Refused(f"what the issuer said does not hold: {type(error).__name__}", code="sign-on") from None

    def _checked(self, text: str, access: str, nonce: str, at: datetime) -> Mapping[str, Any]:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        try:
            token = decode(text, key=self._key_set(at), registry=registry)
        except (InvalidKeyIdError, ValueError):
            token = decode(text, key=self._key_set(at, fresh=True), registry=registry)
        wanted: Any = {
            "iss": {"essential": True, "value": self.url},
            "aud": {"essential": True, "value": self.client},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": self.client, "access_token": access}
        claims = CodeIDToken(token.claims, token.header, wanted, params)
        claims.validate(now=int(at.timestamp()), leeway=LEEWAY)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ValueError("no subject")
        return dict(claims)

    def _client(self) -> Any:
        how = self._how() if self.secret else "none"
        return OAuth2Client(
            self.client,
            self.secret or None,
            scope=SCOPE,
            redirect_uri=self.back,
            code_challenge_method="S256",
            token_endpoint_auth_method=how,
            timeout=SECONDS,
            follow_redirects=False,
        )

    def _how(self) -> str:
        known = self._known[0] if self._known else {}
        may = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_basic" if "client_secret_basic" in may else "client_secret_post"

    def _end(self, name: str, at: datetime) -> str:
        return safe(str(self._metadata(at)[name]))

    def _metadata(self, at: datetime) -> Mapping[str, Any]:
        with self._asking:
            if self._known is None or not timedelta() <= at - self._known[1] < KEPT:
                found = _asked(self.url.rstrip("/") + "/.well-known/openid-configuration")
                if found.get("issuer") != self.url:
                    raise Refused("the issuer calls itself something else", code="sign-on")
                self._known = (found, at)
            return self._known[0]

    def _key_set(self, at: datetime, *, fresh: bool = False) -> KeySet:
        metadata = self._metadata(at)
        with self._asking:
            age = at - self._keys[1] if self._keys else KEPT
            if self._keys is None or not timedelta() <= age < KEPT or (fresh and age >= AGAIN):
                self._keys = (KeySet.import_key_set(_asked(safe(str(metadata["jwks_uri"])))), at)  # type: ignore[arg-type]
            return self._keys[0]


def safe(url: str) -> str:
    """Return a URL that may be asked: of https, or of this machine itself; raises Refused."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise Refused("an issuer is asked over https", code="sign-on")


def _asked(url: str) -> Mapping[str, Any]:
    try:
        answer = httpx.get(safe(url), timeout=SECONDS, follow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise TryLater(f"the issuer cannot be asked: {type(error).__name__}", code="sign-on") from None
    if not isinstance(found, dict):
        raise Refused("the issuer says nothing that can be read", code="sign-on")
    return found
