"""Textract: the words in a scan that has none. A job is named by its scan, so beginning it again gives the same job.

https://docs.aws.amazon.com/textract/latest/dg/async-analyzing-with-sqs.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clients, environment

MOST_PAGES = 20  # of results, each of up to 1,000 pieces
UNREADABLE = ("UnsupportedDocumentException", "BadDocumentException", "DocumentTooLargeException")


class Unreadable(Exception):
    """Textract cannot read the document, now or ever."""


def words(key: str, name: str) -> str | None:
    """The lines of the document in the bucket; None while the job runs. Raises Unreadable, ClientError."""
    textract = clients.client("textract")
    place = {"S3Object": {"Bucket": environment.get("BUCKET"), "Name": key}}
    try:
        job = textract.start_document_text_detection(DocumentLocation=place, ClientRequestToken=name)["JobId"]
    except ClientError as error:
        if error.response["Error"]["Code"] in UNREADABLE:
            raise Unreadable(error.response["Error"]["Code"]) from error
        raise
    pages = _pages(textract, job)
    first = next(pages)
    if first["JobStatus"] == "IN_PROGRESS":
        return None
    if first["JobStatus"] == "FAILED":
        raise Unreadable("FAILED")
    blocks = [block for page in (first, *pages) for block in page.get("Blocks", ())]
    return "\n".join(block["Text"] for block in blocks if block["BlockType"] == "LINE")


def _pages(textract: Any, job: str) -> Iterator[dict[str, Any]]:
    more: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        page = textract.get_document_text_detection(JobId=job, **more)
        yield page
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}
