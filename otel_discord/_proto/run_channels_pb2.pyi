from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CreateRunRequest(_message.Message):
    __slots__ = ("task_id", "attempt", "short_id", "guild_id", "retention_hours", "title", "metadata")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    GUILD_ID_FIELD_NUMBER: _ClassVar[int]
    RETENTION_HOURS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    task_id: str
    attempt: int
    short_id: str
    guild_id: str
    retention_hours: int
    title: str
    metadata: _containers.ScalarMap[str, str]
    def __init__(self, task_id: _Optional[str] = ..., attempt: _Optional[int] = ..., short_id: _Optional[str] = ..., guild_id: _Optional[str] = ..., retention_hours: _Optional[int] = ..., title: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CreateRunResponse(_message.Message):
    __slots__ = ("channel_id", "webhook_url", "run_id", "expires_at", "created")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_URL_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    webhook_url: str
    run_id: str
    expires_at: str
    created: bool
    def __init__(self, channel_id: _Optional[str] = ..., webhook_url: _Optional[str] = ..., run_id: _Optional[str] = ..., expires_at: _Optional[str] = ..., created: bool = ...) -> None: ...

class FinalizeRunRequest(_message.Message):
    __slots__ = ("channel_id", "outcome")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    outcome: str
    def __init__(self, channel_id: _Optional[str] = ..., outcome: _Optional[str] = ...) -> None: ...

class FinalizeRunResponse(_message.Message):
    __slots__ = ("status", "channel_id", "run_id", "expires_at")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    status: str
    channel_id: str
    run_id: str
    expires_at: str
    def __init__(self, status: _Optional[str] = ..., channel_id: _Optional[str] = ..., run_id: _Optional[str] = ..., expires_at: _Optional[str] = ...) -> None: ...

class ListRunsRequest(_message.Message):
    __slots__ = ("guild_id", "state", "page_size", "page_token")
    GUILD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    guild_id: str
    state: str
    page_size: int
    page_token: str
    def __init__(self, guild_id: _Optional[str] = ..., state: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRunsResponse(_message.Message):
    __slots__ = ("runs", "next_page_token")
    RUNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    runs: _containers.RepeatedCompositeFieldContainer[Run]
    next_page_token: str
    def __init__(self, runs: _Optional[_Iterable[_Union[Run, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetRunRequest(_message.Message):
    __slots__ = ("channel_id",)
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    channel_id: str
    def __init__(self, channel_id: _Optional[str] = ...) -> None: ...

class Run(_message.Message):
    __slots__ = ("run_id", "channel_id", "guild_id", "task_id", "attempt", "short_id", "title", "state", "outcome", "created_at", "finalized_at", "expires_at", "channel_name", "metadata", "records", "warnings", "errors", "steps", "last_step")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    GUILD_ID_FIELD_NUMBER: _ClassVar[int]
    TASK_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SHORT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    FINALIZED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_NAME_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    LAST_STEP_FIELD_NUMBER: _ClassVar[int]
    run_id: str
    channel_id: str
    guild_id: str
    task_id: str
    attempt: int
    short_id: str
    title: str
    state: str
    outcome: str
    created_at: str
    finalized_at: str
    expires_at: str
    channel_name: str
    metadata: _containers.ScalarMap[str, str]
    records: int
    warnings: int
    errors: int
    steps: int
    last_step: str
    def __init__(self, run_id: _Optional[str] = ..., channel_id: _Optional[str] = ..., guild_id: _Optional[str] = ..., task_id: _Optional[str] = ..., attempt: _Optional[int] = ..., short_id: _Optional[str] = ..., title: _Optional[str] = ..., state: _Optional[str] = ..., outcome: _Optional[str] = ..., created_at: _Optional[str] = ..., finalized_at: _Optional[str] = ..., expires_at: _Optional[str] = ..., channel_name: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., records: _Optional[int] = ..., warnings: _Optional[int] = ..., errors: _Optional[int] = ..., steps: _Optional[int] = ..., last_step: _Optional[str] = ...) -> None: ...
