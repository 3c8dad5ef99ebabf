"""What of Arrow's types Python or polars lacks: zones, times, kinds of columns."""

from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

if TYPE_CHECKING:
    import pyarrow as pa

# The first and the last times that Python has, in seconds.
INSTANTS = -62_135_596_800, 253_402_300_799
DURATIONS = -86_399_999_913_600, 86_399_999_999_999
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@cache
def is_zone(name: str) -> bool:
    return name in available_timezones()


def is_out_of_range(column: "pa.Array") -> bool:
    """Whether it has a date, an instant or a duration that Python does not have."""
    import pyarrow as pa
    from pyarrow import compute, types

    dtype = column.type
    if types.is_date32(dtype):
        numbers, limits, per_second = column.view(pa.int32()), INSTANTS, 1 / 86_400
    elif types.is_date64(dtype):
        numbers, limits, per_second = column.view(pa.int64()), INSTANTS, 1000
    elif types.is_timestamp(dtype) or types.is_duration(dtype):
        limits = DURATIONS if types.is_duration(dtype) else INSTANTS
        numbers, per_second = column.view(pa.int64()), PER_SECOND[dtype.unit]
    else:
        return False
    least, most = compute.min_max(numbers).as_py().values()
    first, last = (limit * per_second for limit in limits)
    return least is not None and (least < first or most > last)


def is_foreign(dtype: "pa.DataType", *, inside: bool = False) -> bool:
    """Whether polars would panic at this type, or at one inside it.

    Times `inside` others are foreign since nobody has looked at their range, and zones
    since polars knows those of IANA alone.
    """
    from pyarrow import types

    if types.is_timestamp(dtype) and dtype.tz and not is_zone(dtype.tz):
        return True
    kinds = [
        types.is_decimal256, types.is_union, types.is_interval, types.is_list_view,
        types.is_large_list_view, types.is_run_end_encoded,
    ]  # fmt: skip
    if inside:
        kinds += [types.is_timestamp, types.is_date, types.is_duration]
    inner = [dtype.field(index).type for index in range(dtype.num_fields)]
    return any(kind(dtype) for kind in kinds) or any(
        is_foreign(each, inside=True) for each in inner
    )


def with_bytes(dtype: "pa.DataType") -> "pa.DataType":
    """The type that has bytes where this one has texts, inside it too."""
    import pyarrow as pa
    from pyarrow import types

    if types.is_string(dtype):
        return pa.binary()
    if types.is_large_string(dtype):
        return pa.large_binary()
    if types.is_string_view(dtype):
        return pa.binary_view()
    if types.is_struct(dtype):
        fields = [each.with_type(with_bytes(each.type)) for each in dtype.fields]
        return pa.struct(fields)
    if types.is_map(dtype):
        return pa.map_(with_bytes(dtype.key_type), with_bytes(dtype.item_type))
    if types.is_fixed_size_list(dtype):
        return pa.list_(with_bytes(dtype.value_type), dtype.list_size)
    if types.is_large_list(dtype):
        return pa.large_list(with_bytes(dtype.value_type))
    if types.is_list(dtype):
        return pa.list_(with_bytes(dtype.value_type))
    if types.is_dictionary(dtype):
        values = with_bytes(dtype.value_type)
        return pa.dictionary(dtype.index_type, values, dtype.ordered)
    return dtype
