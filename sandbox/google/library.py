"""Assets, labels and customer lists."""

import hashlib
from base64 import b64decode
from binascii import Error
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from sandbox.google.failures import Failure, JsonObject, need
from sandbox.google.store import NETWORK, Draft

_MAX_BYTES = 5_120 * 1024
_LABEL_LIMIT = 80


def create_asset(draft: Draft, row: JsonObject) -> JsonObject:
    """An image. The same image again is the same asset, and keeps its name."""
    content = _content(need(need(row, "imageAsset"), "data", "create.image_asset"))
    digest = hashlib.sha256(content).hexdigest()
    name = row.get("name")
    for other in draft.every("asset"):
        if other["_sha256"] == digest:
            if name not in (None, other.get("name")):
                raise Failure("assetError", "CANNOT_MODIFY_ASSET_NAME",
                              "The asset is there under another name.", "create.name")  # fmt: skip
            return other
        if name is not None and other.get("name") == name:
            raise Failure("assetError", "DUPLICATE_ASSET_NAME", "The name is in use.",
                          "create.name")  # fmt: skip
    try:
        with Image.open(BytesIO(content)) as picture:
            size = list(picture.size)
    except (UnidentifiedImageError, OSError):
        raise Failure("imageError", "INVALID_IMAGE", "The image is invalid.",
                      "create.image_asset.data") from None  # fmt: skip
    kept = {part: value for part, value in row.items() if part != "imageAsset"}
    return {**kept, "type": "IMAGE", "_sha256": digest, "_size": size}


def _content(data: str) -> bytes:
    try:
        content = b64decode(data, validate=True)
    except (Error, ValueError):
        raise Failure("mediaFileError", "INVALID_MIME_TYPE", "The data is not base64.",
                      "create.image_asset.data") from None  # fmt: skip
    if len(content) > _MAX_BYTES:
        raise Failure("imageError", "FILE_TOO_LARGE", "The image is too large.",
                      "create.image_asset.data")  # fmt: skip
    return content


def create_label(draft: Draft, row: JsonObject) -> JsonObject:
    """A label, unique by name."""
    name = need(row, "name")
    if len(name) > _LABEL_LIMIT:
        raise Failure("stringLengthError", "TOO_LONG", "The name is too long.", "create.name")
    for other in draft.every("label"):
        if other["status"] == "ENABLED" and other["name"] == name:
            raise Failure("labelError", "DUPLICATE_NAME", "Label names must be unique.",
                          "create.name", trigger=str(name))  # fmt: skip
    return {**row, "status": "ENABLED"}


def create_list(draft: Draft, row: JsonObject) -> JsonObject:
    """A customer list."""
    must_match_customers(draft)
    name = need(row, "name")
    if row.get("crmBasedUserList", {}).get("uploadKeyType") != "CONTACT_INFO":
        raise Failure("userListError", "CONCRETE_TYPE_REQUIRED", "The list has no type.", "create")
    for other in draft.every("user_list"):
        if other["name"] == name:
            raise Failure("userListError", "NAME_ALREADY_USED", "The name is in use.",
                          "create.name", trigger=str(name))  # fmt: skip
    return {**row, "_members": []}


def must_match_customers(draft: Draft) -> None:
    """Projects that never used customer lists before 2026-04-01 are kept out; this one did,
    unless the account says otherwise.

    Raises:
        Failure: the project may not.
    """
    account = draft.world.get(NETWORK, "account", draft.customer_id) or {}
    if account.get("_customer_match") is False:
        raise Failure("notAllowlistedError", "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE",
                      "The customer is not allowlisted for this feature.", status=403)  # fmt: skip


# -- uploads ----------------------------------------------------------------------------------


def create_job(draft: Draft, body: JsonObject) -> JsonObject:
    """An upload of people to a list, not run yet."""
    must_match_customers(draft)
    job = need(body, "job", "")
    metadata = need(job, "customerMatchUserListMetadata", "job")
    draft.live("user_list", need(metadata, "userList", "job"))
    job_id = draft.new_id()
    name = draft.name("offlineUserDataJobs", job_id)
    row: JsonObject = {**job, "resourceName": name, "id": job_id, "status": "PENDING"}
    draft.put("offline_user_data_job", row)
    return {"resourceName": name}


def add_to_job(draft: Draft, job_id: str, body: JsonObject) -> JsonObject:
    """People for an upload that was not run."""
    row = _job(draft, job_id)
    people: list[str] = list(row.get("_people") or ())
    for operation in need(body, "operations", ""):
        for one in need(operation.get("create") or {}, "userIdentifiers", "operations.create"):
            hashed = str(one.get("hashedEmail") or "")
            if len(hashed) != 64:
                raise Failure("offlineUserDataJobError", "INVALID_SHA256_FORMAT",
                              "The value is no SHA-256.", "operations.create")  # fmt: skip
            people.append(hashed)
    draft.put("offline_user_data_job", {**row, "_people": people})
    return {}


def run_job(draft: Draft, job_id: str) -> JsonObject:
    """Carry an upload out; who is on the list already stays once."""
    row = _job(draft, job_id)
    resource = str(row["customerMatchUserListMetadata"]["userList"])
    listed = draft.live("user_list", resource)
    members = list(dict.fromkeys([*listed["_members"], *row.get("_people", ())]))
    draft.put("user_list", {**listed, "_members": members})
    draft.put("offline_user_data_job", {**row, "status": "SUCCESS"})
    return {"name": f"{row['resourceName']}/operations/1", "done": True}


def _job(draft: Draft, job_id: str) -> JsonObject:
    row = draft.live("offline_user_data_job", draft.name("offlineUserDataJobs", job_id))
    if row["status"] != "PENDING":
        raise Failure("offlineUserDataJobError", "JOB_ALREADY_STARTED", "The job was started.")
    return row
