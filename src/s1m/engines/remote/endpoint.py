"""A server's address and key as the user wrote them: normalised here, or refused in one line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from s1m.errors import UsageError

EXAMPLE = "http://localhost:8000/v1"

ENDPOINTS = ("/chat/completions", "/v1/messages")
VERSION = re.compile(r"/v\d\w*(?:/|$)")
"""A version in a path, as in /v1, Gemini's /v1beta/openai or GLM's /api/paas/v4; an address without one gets /v1."""

URL_PASSWORD = re.compile(r"(?<=://)[^\s/?#'\"]*@")
"""Of ``http://user:secret@proxy:3128``, what stands between the scheme and the host."""


def api_root(base_url: str) -> str:
    """The URL under which ``/models`` and ``/chat/completions`` lie. Raises ``UsageError`` when it is not a URL."""
    url = base_url.strip()
    shown = repr(without_password(base_url))
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"base URL {shown} has no scheme; begin it with http:// or https://, as in {EXAMPLE}")
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        usable = bool(parts.hostname) and parts.port != 0 and not any(mark.isspace() for mark in url)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"base URL {shown} is not a URL; it looks like {EXAMPLE}")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"base URL {shown} holds more than an address; put the key into S1M_API_KEY")
    path = parts.path.rstrip("/")
    if path.endswith(ENDPOINTS):
        path = path.removesuffix("/chat/completions").removesuffix("/messages")
    elif not VERSION.search(path):
        path += "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


def check_addresses(urls: Iterable[str]) -> None:
    """Raise ``UsageError`` for what is not a server's address, before settings with a password are written down."""
    for url in urls:
        api_root(url)


def without_password(url: str) -> str:
    """A URL as messages may show it: what may be a secret, before the @ and after the ?, as three stars.

    Messages show wrong URLs above all, so nothing is taken for granted: everything between the scheme and the
    last @ goes, whatever marks a password brings along.
    """
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    _, at, address = rest.rpartition("@")
    plain = re.split("[?#]", address, maxsplit=1)[0]
    return f"{scheme}{separator}{'***@' if at else ''}{plain}{'?***' if plain != address else ''}"


def without_passwords(text: str) -> str:
    """A text of other software in which URLs may stand, their passwords as three stars."""
    return URL_PASSWORD.sub("***@", text)


def checked_key(api_key: str | None) -> str | None:
    """The key without blanks around it, None for none. Raises ``UsageError`` for one that no header can carry."""
    key = (api_key or "").strip()
    if not all("!" <= mark <= "~" for mark in key):
        raise UsageError("the API key has characters that a header cannot carry; check S1M_API_KEY")
    return key or None


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for the URL; none for this machine's own loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
