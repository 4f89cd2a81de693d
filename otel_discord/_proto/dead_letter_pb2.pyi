from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DeadLetter(_message.Message):
    __slots__ = ("time_unix_nano", "destination", "reason", "http_status", "discord_code", "discord_message", "errors", "attempts", "card", "lost_attachments")
    class FieldError(_message.Message):
        __slots__ = ("path", "code", "message")
        PATH_FIELD_NUMBER: _ClassVar[int]
        CODE_FIELD_NUMBER: _ClassVar[int]
        MESSAGE_FIELD_NUMBER: _ClassVar[int]
        path: str
        code: str
        message: str
        def __init__(self, path: _Optional[str] = ..., code: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...
    TIME_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    DISCORD_CODE_FIELD_NUMBER: _ClassVar[int]
    DISCORD_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    LOST_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    time_unix_nano: int
    destination: str
    reason: str
    http_status: int
    discord_code: int
    discord_message: str
    errors: _containers.RepeatedCompositeFieldContainer[DeadLetter.FieldError]
    attempts: int
    card: bytes
    lost_attachments: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, time_unix_nano: _Optional[int] = ..., destination: _Optional[str] = ..., reason: _Optional[str] = ..., http_status: _Optional[int] = ..., discord_code: _Optional[int] = ..., discord_message: _Optional[str] = ..., errors: _Optional[_Iterable[_Union[DeadLetter.FieldError, _Mapping]]] = ..., attempts: _Optional[int] = ..., card: _Optional[bytes] = ..., lost_attachments: _Optional[_Iterable[str]] = ...) -> None: ...
