"""What the pages of the local servers share: languages, templates, style, quiet refresh, and a server that can be stopped."""

from infra.pages.frame import new_app
from infra.pages.serving import Running, serve_app, wait_for_interrupt

__all__ = ["Running", "new_app", "serve_app", "wait_for_interrupt"]
