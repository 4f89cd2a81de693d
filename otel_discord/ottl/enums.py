"""Names of numbers, as OTLP's definitions spell them."""

from types import MappingProxyType
from typing import Final

_SEVERITIES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_KINDS: Final = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_METRIC_TYPES: Final = ("NONE", "GAUGE", "SUM", "HISTOGRAM", "EXPONENTIAL_HISTOGRAM", "SUMMARY")

ENUMS: Final = MappingProxyType(
    {
        "SEVERITY_NUMBER_UNSPECIFIED": 0,
        **{
            f"SEVERITY_NUMBER_{name}{'' if step == 0 else step + 1}": 1 + 4 * index + step
            for index, name in enumerate(_SEVERITIES)
            for step in range(4)
        },
        **{f"SPAN_KIND_{name}": number for number, name in enumerate(_KINDS)},
        "STATUS_CODE_UNSET": 0,
        "STATUS_CODE_OK": 1,
        "STATUS_CODE_ERROR": 2,
        "AGGREGATION_TEMPORALITY_UNSPECIFIED": 0,
        "AGGREGATION_TEMPORALITY_DELTA": 1,
        "AGGREGATION_TEMPORALITY_CUMULATIVE": 2,
        **{f"METRIC_DATA_TYPE_{name}": number for number, name in enumerate(_METRIC_TYPES)},
        "FLAG_NONE": 0,
        "FLAG_NO_RECORDED_VALUE": 1,
    }
)
"""They mean the same in every context."""
