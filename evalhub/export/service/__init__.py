"""Write scored datasets."""

from evalhub.export.service.bundle import MadeExport, make_bundle
from evalhub.export.service.jsonl import item_lines, make_jsonl

__all__ = ["MadeExport", "item_lines", "make_bundle", "make_jsonl"]
