"""Pages."""

from patchring.web.routes import web_routes

__all__ = ["web_routes"]
