"""The page at /: three files that load nothing from elsewhere, and what they need to know of the gateway."""

from __future__ import annotations

import asyncio
import base64
import random
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from s1m.gateway.app import SECURITY_HEADERS, State
from s1m.gateway.dial import Dial

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, StreamResponse

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing inline and nothing from elsewhere, so that no text of a model could run even if it reached the page."""
ASSETS = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
}
SAMPLES = 200
"""Problems of the bundled benchmark among which an example is drawn."""


def add_page(app: Application, state: State) -> None:
    """Add the page to ``app``."""
    for path in ASSETS:
        app.router.add_get(path, _asset)
    app.router.add_get("/page.json", _facts(state))
    if state.work.is_bundled:
        app.router.add_get("/example.json", _example)


@cache
def asset(path: str) -> tuple[bytes, str]:
    """The file at a path, and its type."""
    name, kind = ASSETS[path]
    return files("s1m").joinpath("assets/gateway", name).read_bytes(), kind


async def _asset(request: Request) -> StreamResponse:
    from aiohttp import web

    content, kind = asset(request.path)
    headers = {**SECURITY_HEADERS, "Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)


def _facts(state: State) -> Any:
    from aiohttp import web

    def turned(dial: Dial) -> dict[str, Any]:
        return {
            "thinking": dial.thinking,
            "num_ignore": dial.num_ignore[-1],
            "max_thinking_tokens": dial.max_thinking_tokens,
        }

    async def facts(_request: Request) -> StreamResponse:
        rules = state.work.rules
        return web.json_response(
            {
                "model": state.work.model,
                "bundled": state.work.is_bundled,
                "needs_key": state.keys.needed,
                "default": turned(rules.dial.default),
                "ignore_strings": list(rules.dial.default.ignore_strings),
                "temperature": rules.sampling.temperature,
                "most_thinking_tokens": rules.dial.most_thinking_tokens,
                "most_images": rules.pictures.most_images,
                "most_image_bytes": rules.pictures.most_bytes,
            }
        )

    return facts


async def _example(_request: Request) -> StreamResponse:
    """A picture and a question that the bundled model can answer."""
    from aiohttp import web

    from s1m.benchmarks.digits import Digits

    def draw() -> dict[str, str]:
        problem = random.choice(Digits().load(split="test", limit=SAMPLES, data=None))
        image = base64.b64encode(problem.images[0]).decode("ascii")
        return {"question": problem.question, "image": f"data:image/png;base64,{image}", "gold": problem.gold}

    return web.json_response(await asyncio.to_thread(draw))
