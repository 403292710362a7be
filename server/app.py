"""The composition root: the only file that puts a backend, a clock and the pages together."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from server.agent_app import register_agent_app
from server.api.blueprint import register_api
from server.clock import file_now, id_maker, system_now
from server.logs import configure_logs
from server.office.blueprint import register_office
from server.public.blueprint import register_public
from server.public.printing import print_copy
from server.rest.blueprint import register_rest
from server.services.keys import prepare_site
from server.services.retiring import finish_all
from server.services.site import Site
from server.settings import Settings
from server.storage.engine import open_store
from server.storage.migrating import migrate


def open_site(settings: Settings | None = None) -> Site:
    """Migrate and open the database, make sure that the server has its epoch, secrets and keys, finish erasures."""
    configure_logs()
    settings = settings or Settings.from_environment()
    now = file_now(Path(settings.clock_file)) if settings.clock_file else system_now
    migrate(settings.database_url)
    site = Site(open_store(settings.database_url), settings, now, id_maker(now))
    prepare_site(site)
    finish_all(site)  # a database restored from a backup knows fewer than the log (E12)
    return site


def create_app(site: Site | None = None) -> Flask:
    """Build the web application."""
    app = Flask("fairvisit")
    site = site or open_site()
    register_api(app, site)
    register_public(app, site)
    register_office(app, site, print_copy)
    register_rest(app, site)
    register_agent_app(app, site.settings)
    return app
