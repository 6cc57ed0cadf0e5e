"""`app` for any WSGI server; `evalhub serve` runs it with gunicorn."""

from __future__ import annotations

import sys

from evalhub.app import create_app
from evalhub.cli import error_lines
from evalhub.config import instance_folder, load_settings
from evalhub.errors import CannotStart

try:
    app = create_app(load_settings(instance_folder(None)))
except CannotStart as refusal:
    sys.stderr.write("\n".join(error_lines(refusal)) + "\n")
    sys.exit(3)
