"""The bucket CloudFormation takes code and template from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from infra.stack.package import Say

Template = dict[str, Any]


def upload(session: boto3.Session, stage: str, codes: Mapping[str, bytes], template: Template, say: Say) -> str:
    """Puts all under their hashes, so that what is there already is not sent again; returns the template's URL.

    `codes` are zips by the function they are for; "" is for all others.
    """
    store = artifacts(session)
    keys = {name: store.put(f"{stage}/{{}}.zip", code, say) for name, code in codes.items()}
    pointing = with_code(template, {name: {"Bucket": store.bucket, "Key": key} for name, key in keys.items()})
    key = store.put(f"{stage}/{{}}.json", json.dumps(pointing, sort_keys=True).encode(), say)
    return f"{store.s3.meta.endpoint_url}/{store.bucket}/{key}"


def with_code(template: Template, locations: Mapping[str, Mapping[str, str]]) -> Template:
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = dict(locations.get(name, locations[""]))
    return template


@dataclass(frozen=True)
class Artifacts:
    """The bucket CloudFormation takes code and template from; kept, for a rollback needs the code of before."""

    s3: Any
    bucket: str
    account: str

    def put(self, pattern: str, content: bytes, say: Say) -> str:
        key = pattern.format(hashlib.sha256(content).hexdigest()[:32])
        if not self.has(key):
            say(f"Upload: {key} ({len(content) / 1e6:.1f} MB)")
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ExpectedBucketOwner=self.account)
        return key

    def has(self, key: str) -> bool:
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, ExpectedBucketOwner=self.account)
        return bool(listed["KeyCount"])


def artifacts(session: boto3.Session) -> Artifacts:
    account = session.client("sts").get_caller_identity()["Account"]
    s3: Any = session.client("s3")
    bucket = f"bridgehead-artifacts-{account}-{session.region_name}"
    if bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": session.region_name}}
        s3.create_bucket(Bucket=bucket, **({} if session.region_name == "us-east-1" else elsewhere))
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
    return Artifacts(s3, bucket, account)
