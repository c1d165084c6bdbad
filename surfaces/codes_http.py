"""The codes that only the HTTP gateway has, for the table in `codes`.

What it is: code to meaning and cure, each in Chinese and English.
Who may import it: `codes`.
"""

from collections.abc import Mapping
from typing import Final

Said = tuple[str, str]

HTTP: Final[Mapping[str, tuple[Said, Said]]] = {
    "bad_request": (
        ("请求无法读取", "the request cannot be read"),
        ("按提示修改请求", "mend the request as the message says"),
    ),
    "key_required": (
        ("缺少密钥或密钥无效", "no key, or one that is not known here"),
        (
            "在请求头中携带 Authorization: Bearer 密钥",
            "send `Authorization: Bearer KEY`; `keys new ID` makes one",
        ),
    ),
    "not_permitted": (
        ("此密钥无权进行此操作", "the key may not do this"),
        ("请网关管理员授予相应权限", "ask whoever runs the gateway for the right"),
    ),
    "unknown_route": (
        ("没有这个地址", "nothing is at this address"),
        ("见 /v1/openapi.json", "see /v1/openapi.json"),
    ),
    "method_not_allowed": (
        ("此地址不支持该方法", "the address does not take this method"),
        ("见 /v1/openapi.json", "see /v1/openapi.json"),
    ),
    "media_type_unsupported": (
        ("不支持此内容类型", "a body of this type is not read"),
        ("使用 Content-Type: application/json", "send `Content-Type: application/json`"),
    ),
    "keys_invalid": (
        ("密钥文件有误", "the file of API keys cannot be used"),
        ("按每条问题的行号修改", "mend each problem at its line"),
    ),
}
