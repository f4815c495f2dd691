"""Where a server is and with which key, as the user wrote it: made right here or refused with one clear line."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from s1m.errors import UsageError


def api_root(base_url: str) -> str:
    """The URL under which ``/models`` and ``/chat/completions`` lie. Raises ``UsageError`` when it is none."""
    url = base_url.strip()
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"base URL {base_url!r} must begin with http:// or https://, as in http://localhost:8000/v1")
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        usable = bool(parts.hostname) and parts.port != 0 and not any(mark.isspace() for mark in url)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"base URL {base_url!r} is not a URL; it looks like http://localhost:8000/v1")
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(f"base URL must be plain, as in http://{parts.hostname}/v1; a key belongs in S1M_API_KEY")
    path = parts.path.rstrip("/")
    if path.endswith("/chat/completions"):
        path = path.removesuffix("/chat/completions")
    elif not path.endswith("/v1"):
        path += "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"


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
