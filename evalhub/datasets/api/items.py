"""Datasets for programs: items come in as a stream of JSON lines, and are listed page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, BinaryIO, Literal, cast

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from evalhub.datasets import queries
from evalhub.datasets.api.blueprint import api_bp
from evalhub.datasets.models import Item
from evalhub.datasets.schema.items import CHECKS
from evalhub.datasets.schema.mapping import parse_field_map
from evalhub.datasets.schema.reading import FileShape
from evalhub.datasets.service import ImportResult, check_items, import_items
from evalhub.errors import BadInput, Fault, UnsupportedMedia
from evalhub.web.api import documented, json_response, parse_query
from evalhub.web.guard import large_body
from evalhub.web.openapi import ErrorDetail
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

MOST_ITEMS = 500


class ImportQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str = Field(default="upload", max_length=200, description="Name of the file, for messages and the record")
    check: bool = Field(default=False, description="Only check; nothing is stored")
    map: str = Field(default="", max_length=4000, description="field=path,… for records of another shape")
    format: Literal["inspect", "lm-eval", "mt-bench", "biggen", "label-studio", "chat"] | None = Field(
        default=None, description="For a file of another tool; else JSON lines, or CSV by its content type"
    )
    skip_failed: bool = Field(default=False, description="Leave out foreign records without prompt or response")


class PageQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: str = Field(default="", max_length=200, description="Id of the last item of the page before")
    limit: int = Field(default=50, ge=1, le=MOST_ITEMS, description="How many at most")


class ImportOut(BaseModel):
    dataset: str
    added: int
    unchanged: int
    sha256: str = Field(description="Of the body as it was sent")
    warnings: list[ErrorDetail] = Field(description="The first hundred; the items are stored all the same")
    warnings_total: int
    left_out: list[ErrorDetail] = Field(description="Foreign records without prompt or response, the first hundred")
    left_out_total: int


class DatasetOut(BaseModel):
    name: str
    items: int
    imports: int
    created_at: datetime


class DatasetsOut(BaseModel):
    datasets: list[DatasetOut]


class ItemOut(BaseModel):
    id: str
    group: str
    prompt: str | None
    messages: list[dict[str, str]] | None
    context: str | None
    response: str
    reference: str | None
    model: str | None
    tags: list[str]
    skills: list[str]
    pair_id: str | None
    metadata: dict[str, Any]
    gold: dict[str, Any] | None
    content_sha256: str


class ItemsOut(BaseModel):
    items: list[ItemOut]
    next: str | None = Field(description="Give it as `after` for the next page; null on the last")


@api_bp.post("/datasets/<d>/items")
@allowed(admin)
@large_body
@documented(
    summary="Add items to a dataset, all or none: 201, or 200 when every one of them was there",
    query=ImportQuery,
    body_type="application/jsonl",
    responses={201: ImportOut, 200: ImportOut},
)
def add_items(d: str) -> ResponseReturnValue:
    query = parse_query(ImportQuery)
    stream, is_csv = body_stream()
    field_map = parse_field_map([part for part in query.map.split(",") if part], CHECKS)
    shape = FileShape(query.format or ("csv" if is_csv else "jsonl"), field_map, skip_failed=query.skip_failed)
    if query.check:
        result = check_items(reading, stream, dataset_name=d, source_name=query.source, shape=shape)
        return json_response(_import_out(d, result), 200)
    result = import_items(
        write,
        stream,
        dataset_name=d,
        source_name=query.source,
        actor_id=require_principal().account_id,
        shape=shape,
    )
    return json_response(_import_out(d, result), 201 if result.added else 200)


@api_bp.get("/datasets")
@allowed(admin)
@documented(summary="All datasets", responses={200: DatasetsOut})
def list_datasets() -> ResponseReturnValue:
    with reading() as session:
        lines = queries.datasets(session)
    return json_response(DatasetsOut(datasets=[_dataset_out(line) for line in lines]))


@api_bp.get("/datasets/<d>/items")
@allowed(admin)
@documented(summary="The items of a dataset, in the order of their import", query=PageQuery, responses={200: ItemsOut})
def list_items(d: str) -> ResponseReturnValue:
    query = parse_query(PageQuery)
    with reading() as session:
        dataset = queries.dataset_named(session, d)
        after = queries.item_of(session, dataset.id, query.after).id if query.after else 0
        items = queries.items_of(session, dataset.id, after=after, limit=query.limit + 1)
    page = items[: query.limit]
    following = page[-1].external_id if len(items) > query.limit else None
    return json_response(ItemsOut(items=[_item_out(item) for item in page], next=following))


def body_stream() -> tuple[BinaryIO, bool]:
    """The body of this request as it comes in, and whether it is CSV.

    Raises:
        UnsupportedMedia: for a form with files; a program sends the file as the body.
    """
    if request.mimetype == "multipart/form-data":
        raise UnsupportedMedia("Send the file itself as the body, with `Content-Type: application/jsonl`.")
    if request.content_length == 0:
        raise BadInput("upload: the body is empty; there is nothing to import", faults=[Fault("empty", "is empty")])
    return cast(BinaryIO, request.stream), request.mimetype == "text/csv"


def _import_out(name: str, result: ImportResult) -> ImportOut:
    return ImportOut(
        dataset=name,
        added=result.added,
        unchanged=result.unchanged,
        sha256=result.sha256,
        warnings=[ErrorDetail.model_validate(warning.as_detail()) for warning in result.warnings.listed],
        warnings_total=result.warnings.total,
        left_out=[ErrorDetail.model_validate(record.as_detail()) for record in result.left_out.listed],
        left_out_total=result.left_out.total,
    )


def _dataset_out(line: queries.DatasetLine) -> DatasetOut:
    dataset = line.dataset
    return DatasetOut(name=dataset.name, items=line.n_items, imports=line.n_imports, created_at=dataset.created_at)


def _item_out(item: Item) -> ItemOut:
    return ItemOut(
        id=item.external_id,
        group=item.group_key,
        metadata=item.metadata_,
        **{
            name: getattr(item, name)
            for name in (
                "prompt",
                "messages",
                "context",
                "response",
                "reference",
                "model",
                "tags",
                "skills",
                "pair_id",
                "gold",
                "content_sha256",
            )
        },
    )
