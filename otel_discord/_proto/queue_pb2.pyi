from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class QueuedBatch(_message.Message):
    __slots__ = ("signal", "request", "accepted_unix_nano", "highest_severity")
    class Signal(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        SIGNAL_UNSPECIFIED: _ClassVar[QueuedBatch.Signal]
        SIGNAL_LOGS: _ClassVar[QueuedBatch.Signal]
        SIGNAL_METRICS: _ClassVar[QueuedBatch.Signal]
        SIGNAL_TRACES: _ClassVar[QueuedBatch.Signal]
    SIGNAL_UNSPECIFIED: QueuedBatch.Signal
    SIGNAL_LOGS: QueuedBatch.Signal
    SIGNAL_METRICS: QueuedBatch.Signal
    SIGNAL_TRACES: QueuedBatch.Signal
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_SEVERITY_FIELD_NUMBER: _ClassVar[int]
    signal: QueuedBatch.Signal
    request: bytes
    accepted_unix_nano: int
    highest_severity: int
    def __init__(self, signal: _Optional[_Union[QueuedBatch.Signal, str]] = ..., request: _Optional[bytes] = ..., accepted_unix_nano: _Optional[int] = ..., highest_severity: _Optional[int] = ...) -> None: ...

class Card(_message.Message):
    __slots__ = ("resource", "scope", "record", "severity", "count", "first_seen_unix_nano", "last_seen_unix_nano", "accepted_unix_nano", "fingerprint", "attachments", "notes", "been_to", "routed_to", "template", "samples", "past", "counted_unix_nano", "no_ping", "routes", "alert_group")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    BEEN_TO_FIELD_NUMBER: _ClassVar[int]
    ROUTED_TO_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    PAST_FIELD_NUMBER: _ClassVar[int]
    COUNTED_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    NO_PING_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    ALERT_GROUP_FIELD_NUMBER: _ClassVar[int]
    resource: bytes
    scope: bytes
    record: bytes
    severity: int
    count: int
    first_seen_unix_nano: int
    last_seen_unix_nano: int
    accepted_unix_nano: int
    fingerprint: bytes
    attachments: _containers.RepeatedCompositeFieldContainer[AttachmentRef]
    notes: _containers.RepeatedScalarFieldContainer[str]
    been_to: _containers.RepeatedScalarFieldContainer[str]
    routed_to: _containers.RepeatedScalarFieldContainer[str]
    template: str
    samples: _containers.RepeatedScalarFieldContainer[str]
    past: PastLife
    counted_unix_nano: int
    no_ping: bool
    routes: _containers.RepeatedScalarFieldContainer[str]
    alert_group: bytes
    def __init__(self, resource: _Optional[bytes] = ..., scope: _Optional[bytes] = ..., record: _Optional[bytes] = ..., severity: _Optional[int] = ..., count: _Optional[int] = ..., first_seen_unix_nano: _Optional[int] = ..., last_seen_unix_nano: _Optional[int] = ..., accepted_unix_nano: _Optional[int] = ..., fingerprint: _Optional[bytes] = ..., attachments: _Optional[_Iterable[_Union[AttachmentRef, _Mapping]]] = ..., notes: _Optional[_Iterable[str]] = ..., been_to: _Optional[_Iterable[str]] = ..., routed_to: _Optional[_Iterable[str]] = ..., template: _Optional[str] = ..., samples: _Optional[_Iterable[str]] = ..., past: _Optional[_Union[PastLife, _Mapping]] = ..., counted_unix_nano: _Optional[int] = ..., no_ping: bool = ..., routes: _Optional[_Iterable[str]] = ..., alert_group: _Optional[bytes] = ...) -> None: ...

class AlertGroup(_message.Message):
    __slots__ = ("members", "opened_unix_nano", "told_severity", "priority", "routes", "origin_url", "origin_unix_nano", "went_on", "retold", "evidence", "end_told")
    class Member(_message.Message):
        __slots__ = ("record", "series_unix_nano", "series_values")
        RECORD_FIELD_NUMBER: _ClassVar[int]
        SERIES_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
        SERIES_VALUES_FIELD_NUMBER: _ClassVar[int]
        record: bytes
        series_unix_nano: _containers.RepeatedScalarFieldContainer[int]
        series_values: _containers.RepeatedScalarFieldContainer[float]
        def __init__(self, record: _Optional[bytes] = ..., series_unix_nano: _Optional[_Iterable[int]] = ..., series_values: _Optional[_Iterable[float]] = ...) -> None: ...
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    OPENED_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    TOLD_SEVERITY_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ROUTES_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_URL_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    WENT_ON_FIELD_NUMBER: _ClassVar[int]
    RETOLD_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    END_TOLD_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[AlertGroup.Member]
    opened_unix_nano: int
    told_severity: int
    priority: int
    routes: _containers.RepeatedScalarFieldContainer[str]
    origin_url: str
    origin_unix_nano: int
    went_on: bool
    retold: bool
    evidence: bytes
    end_told: bool
    def __init__(self, members: _Optional[_Iterable[_Union[AlertGroup.Member, _Mapping]]] = ..., opened_unix_nano: _Optional[int] = ..., told_severity: _Optional[int] = ..., priority: _Optional[int] = ..., routes: _Optional[_Iterable[str]] = ..., origin_url: _Optional[str] = ..., origin_unix_nano: _Optional[int] = ..., went_on: bool = ..., retold: bool = ..., evidence: _Optional[bytes] = ..., end_told: bool = ...) -> None: ...

class Evidence(_message.Message):
    __slots__ = ("patterns", "changes", "trace_ids", "lines", "since_unix_nano")
    class Pattern(_message.Message):
        __slots__ = ("template", "count", "severity", "last_unix_nano")
        TEMPLATE_FIELD_NUMBER: _ClassVar[int]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        SEVERITY_FIELD_NUMBER: _ClassVar[int]
        LAST_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
        template: str
        count: int
        severity: int
        last_unix_nano: int
        def __init__(self, template: _Optional[str] = ..., count: _Optional[int] = ..., severity: _Optional[int] = ..., last_unix_nano: _Optional[int] = ...) -> None: ...
    class Change(_message.Message):
        __slots__ = ("what", "before", "after", "at_unix_nano", "service")
        WHAT_FIELD_NUMBER: _ClassVar[int]
        BEFORE_FIELD_NUMBER: _ClassVar[int]
        AFTER_FIELD_NUMBER: _ClassVar[int]
        AT_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
        SERVICE_FIELD_NUMBER: _ClassVar[int]
        what: str
        before: str
        after: str
        at_unix_nano: int
        service: str
        def __init__(self, what: _Optional[str] = ..., before: _Optional[str] = ..., after: _Optional[str] = ..., at_unix_nano: _Optional[int] = ..., service: _Optional[str] = ...) -> None: ...
    PATTERNS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    TRACE_IDS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    SINCE_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    patterns: _containers.RepeatedCompositeFieldContainer[Evidence.Pattern]
    changes: _containers.RepeatedCompositeFieldContainer[Evidence.Change]
    trace_ids: _containers.RepeatedScalarFieldContainer[str]
    lines: str
    since_unix_nano: int
    def __init__(self, patterns: _Optional[_Iterable[_Union[Evidence.Pattern, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[Evidence.Change, _Mapping]]] = ..., trace_ids: _Optional[_Iterable[str]] = ..., lines: _Optional[str] = ..., since_unix_nano: _Optional[int] = ...) -> None: ...

class PastLife(_message.Message):
    __slots__ = ("first_seen_unix_nano", "last_seen_unix_nano", "count", "first_version")
    FIRST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_VERSION_FIELD_NUMBER: _ClassVar[int]
    first_seen_unix_nano: int
    last_seen_unix_nano: int
    count: int
    first_version: str
    def __init__(self, first_seen_unix_nano: _Optional[int] = ..., last_seen_unix_nano: _Optional[int] = ..., count: _Optional[int] = ..., first_version: _Optional[str] = ...) -> None: ...

class ProblemHistory(_message.Message):
    __slots__ = ("problems", "forgotten_unix_nano")
    class Problem(_message.Message):
        __slots__ = ("fingerprint", "first_seen_unix_nano", "last_seen_unix_nano", "count", "first_version", "template")
        FINGERPRINT_FIELD_NUMBER: _ClassVar[int]
        FIRST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
        LAST_SEEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        FIRST_VERSION_FIELD_NUMBER: _ClassVar[int]
        TEMPLATE_FIELD_NUMBER: _ClassVar[int]
        fingerprint: bytes
        first_seen_unix_nano: int
        last_seen_unix_nano: int
        count: int
        first_version: str
        template: str
        def __init__(self, fingerprint: _Optional[bytes] = ..., first_seen_unix_nano: _Optional[int] = ..., last_seen_unix_nano: _Optional[int] = ..., count: _Optional[int] = ..., first_version: _Optional[str] = ..., template: _Optional[str] = ...) -> None: ...
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    FORGOTTEN_UNIX_NANO_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[ProblemHistory.Problem]
    forgotten_unix_nano: int
    def __init__(self, problems: _Optional[_Iterable[_Union[ProblemHistory.Problem, _Mapping]]] = ..., forgotten_unix_nano: _Optional[int] = ...) -> None: ...

class MessageNote(_message.Message):
    __slots__ = ("form", "other_problems", "other_records", "webhook_id", "thread_id", "repeated", "address", "files")
    class Form(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FORM_CARDS: _ClassVar[MessageNote.Form]
        FORM_DIGEST: _ClassVar[MessageNote.Form]
    FORM_CARDS: MessageNote.Form
    FORM_DIGEST: MessageNote.Form
    FORM_FIELD_NUMBER: _ClassVar[int]
    OTHER_PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    OTHER_RECORDS_FIELD_NUMBER: _ClassVar[int]
    WEBHOOK_ID_FIELD_NUMBER: _ClassVar[int]
    THREAD_ID_FIELD_NUMBER: _ClassVar[int]
    REPEATED_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    form: MessageNote.Form
    other_problems: int
    other_records: int
    webhook_id: str
    thread_id: str
    repeated: bool
    address: str
    files: _containers.RepeatedCompositeFieldContainer[PostedFile]
    def __init__(self, form: _Optional[_Union[MessageNote.Form, str]] = ..., other_problems: _Optional[int] = ..., other_records: _Optional[int] = ..., webhook_id: _Optional[str] = ..., thread_id: _Optional[str] = ..., repeated: bool = ..., address: _Optional[str] = ..., files: _Optional[_Iterable[_Union[PostedFile, _Mapping]]] = ...) -> None: ...

class PostedFile(_message.Message):
    __slots__ = ("id", "filename")
    ID_FIELD_NUMBER: _ClassVar[int]
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    id: str
    filename: str
    def __init__(self, id: _Optional[str] = ..., filename: _Optional[str] = ...) -> None: ...

class AttachmentRef(_message.Message):
    __slots__ = ("filename", "content_type", "description", "size_bytes", "path", "shelf_key", "single_attempt")
    FILENAME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SHELF_KEY_FIELD_NUMBER: _ClassVar[int]
    SINGLE_ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    filename: str
    content_type: str
    description: str
    size_bytes: int
    path: str
    shelf_key: int
    single_attempt: bool
    def __init__(self, filename: _Optional[str] = ..., content_type: _Optional[str] = ..., description: _Optional[str] = ..., size_bytes: _Optional[int] = ..., path: _Optional[str] = ..., shelf_key: _Optional[int] = ..., single_attempt: bool = ...) -> None: ...
