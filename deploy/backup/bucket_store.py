"""A bucket of S3-compatible storage, by signed HTTP requests.

Requests are signed by AWS Signature Version 4, which all such storage understands:
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from html import unescape
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError
from urllib3.exceptions import MaxRetryError
from urllib3.util import Retry

from deploy.backup.sealed import missing
from shared.operator_errors import OperatorError
from shared.settings import BucketSettings
from shared.values.times import now

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TIMEOUT_S: Final = 120.0
# All our requests can be repeated. The last refusal is returned, because it says why.
_RETRIES: Final = Retry(
    5, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods=None, raise_on_status=False
)
_KEY: Final = re.compile("<Key>(.*?)</Key>")
_NEXT: Final = re.compile("<NextContinuationToken>(.*?)</NextContinuationToken>")
_CODE: Final = re.compile("<Code>(.*?)</Code>")


class BucketStore:
    """The objects under a prefix of a bucket."""

    def __init__(self, settings: BucketSettings, bucket: str, prefix: str) -> None:
        self._settings = settings
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""

    def names(self, prefix: str) -> list[str]:
        found: list[str] = []
        query = {"list-type": "2", "prefix": self._prefix + prefix}
        while True:
            text = self._send("GET", "", query).text
            found += [unescape(key)[len(self._prefix) :] for key in _KEY.findall(text)]
            following = _NEXT.search(text)
            if following is None:
                return sorted(found)
            query["continuation-token"] = unescape(following[1])

    def write(self, name: str, content: bytes) -> None:
        self._send("PUT", name, content=content)

    def read(self, name: str) -> bytes:
        return self._send("GET", name).content

    def delete(self, name: str) -> None:
        self._send("DELETE", name)

    def _send(
        self, method: str, name: str, query: Mapping[str, str] | None = None, content: bytes = b""
    ) -> requests.Response:
        """Send a signed request. OperatorError if the storage does not answer or refuses."""
        key = f"/{self._prefix}{name}" if name else ""
        path = quote(f"/{self._bucket}{key}", safe="/-_.~")
        line = urlencode(sorted((query or {}).items()), quote_via=quote, safe="-_.~")
        headers = signed_headers(self._settings, method, path, line, content, now())
        url = f"{self._settings.endpoint}{path}" + (f"?{line}" if line else "")
        try:
            answer = self._answer(method, url, content, headers)
        except (requests.RequestException, MaxRetryError) as error:
            raise OperatorError(f"{self._settings.endpoint}: 无法访问 / cannot be reached: {error}") from error
        if answer.status_code == HTTPStatus.NOT_FOUND and method == "GET" and name:
            raise missing(name)
        if not answer.ok:
            code = _CODE.search(answer.text)
            reason = f"{answer.status_code} {code[1] if code else answer.reason}"
            raise OperatorError(f"s3://{self._bucket}/{self._prefix}{name}: 拒绝 / refused: {reason}")
        return answer

    def _answer(self, method: str, url: str, content: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Return a whole answer. RequestException, MaxRetryError."""
        retries = _RETRIES
        while True:
            try:
                with requests.Session() as session:
                    session.mount(self._settings.endpoint, HTTPAdapter(max_retries=retries))
                    return session.request(method, url, data=content, headers=headers, timeout=_TIMEOUT_S)
            except (ChunkedEncodingError, requests.ConnectionError) as error:
                # urllib3 has tried again until there were headers; requests reads the body afterwards.
                if isinstance(error.args[0], MaxRetryError):
                    raise
                retries = retries.increment(method, url, error=error)
                retries.sleep()


def signed_headers(
    settings: BucketSettings, method: str, path: str, query: str, content: bytes, at: datetime
) -> dict[str, str]:
    """Return the headers that sign a request; `path` and `query` are encoded already, the query is sorted."""
    instant = at.strftime("%Y%m%dT%H%M%SZ")
    digest = sha256(content).hexdigest()
    headers = {"host": urlsplit(settings.endpoint).netloc, "x-amz-content-sha256": digest, "x-amz-date": instant}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
    scope = f"{instant[:8]}/{settings.region}/s3/aws4_request"
    to_sign = f"{_ALGORITHM}\n{instant}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{settings.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{settings.access_key}/{scope}"
    authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": authorization}
