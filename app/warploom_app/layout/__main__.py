"""The layout process: reads one request from stdin, writes the quick and then the refined layout to stdout.

Each message is a length (4 bytes, little endian) and that many bytes of msgpack. An optional argument names the cache
folder. The process ends by itself; the window ends it earlier when the graph is replaced or closed.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from warploom_app.layout.cache import LayoutCache
from warploom_app.layout.messages import LayoutRequest, LayoutResult
from warploom_app.layout.quick import quick_layout
from warploom_app.layout.refined import refined_layout


def main() -> int:
    """Serves one request."""
    request = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=LayoutRequest)
    _send(quick_layout(request))
    result = refined_layout(request)
    if len(sys.argv) > 1:
        LayoutCache(Path(sys.argv[1])).put(request, result)
    _send(result)
    return 0


def _send(result: LayoutResult) -> None:
    body = msgspec.msgpack.encode(result)
    try:
        sys.stdout.buffer.write(len(body).to_bytes(4, "little") + body)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    raise SystemExit(main())
