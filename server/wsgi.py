"""The WSGI application a server process loads."""

from __future__ import annotations

from server.app import create_app
from server.parent import end_with_parent

end_with_parent()
application = create_app()
