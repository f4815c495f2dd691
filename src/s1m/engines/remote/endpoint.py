"""Where a server is and with which key, as the user wrote it: made right here or refused with one clear line."""

from __future__ import annotations

from urllib.parse import urlsplit

from s1m.errors import UsageError


def api_root(base_url: str) -> str:
    """The URL under which ``/models`` and ``/chat/completions`` lie. Raises ``UsageError`` when it is none."""
    import httpx

    url = base_url.strip()
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"base URL {base_url!r} must begin with http:// or https://, as in http://localhost:8000/v1")
    try:
        httpx.URL(url)
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and not any(mark.isspace() for mark in url)
    except (ValueError, httpx.InvalidURL):
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


def is_loopback(url: str) -> bool:
    """Whether the URL names this machine's own loopback."""
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")
