"""Kernels to choose from: each a set of switches."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.switches import Switch

_S = Switch


class Variant(NamedTuple):
    """A kernel version, or a posted version of the patch series, by what sets it apart."""

    name: str
    title: str
    switches: frozenset[Switch]


_SPF = frozenset((_S.SPECULATION, _S.SRCU_VMAS))
_V4 = _SPF | {_S.COUNTER_FIRST, _S.RAW_ADJUST, _S.PMD_SAVED}
_V6 = (_V4 - {_S.SRCU_VMAS, _S.PMD_SAVED}) | {
    _S.REF_VMAS, _S.RAW_MREMAP, _S.OPEN_BEFORE_LINK, _S.PMD_RECHECK, _S.SINGLE_USER_SKIP, _S.REUSE_VMA,
}  # fmt: skip
_V10 = _V6 | {_S.CLOSE_BEFORE_POPULATE, _S.INIT_AT_ALLOCATION}
_V11 = (_V10 - {_S.REUSE_VMA}) | {_S.PTL_LOOP}
_V12 = (_V11 - {_S.REF_VMAS}) | {_S.RCU_VMAS, _S.FORK_SECTIONS}
_MODERN = frozenset((_S.MODERN_NAMES, _S.RCU_VMAS))

VARIANTS: dict[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant("classic", "4.13 without speculation", frozenset()),
        Variant("spf-rfc3", "speculative page faults, RFC v3", _SPF | {_S.COUNTER_FIRST}),
        Variant("spf-v2", "speculative page faults v2, as posted in August 2017", _SPF),
        Variant("spf-v3", "speculative page faults v3", _SPF),
        Variant("spf-v4", "speculative page faults v4 and v5", _V4),
        Variant("spf-v6", "speculative page faults v6 to v9", _V6),
        Variant("spf-v10", "speculative page faults v10", _V10),
        Variant("spf-v11", "speculative page faults v11", _V11),
        Variant("spf-v12", "speculative page faults v12", _V12),
        Variant(
            "android-5.10",
            "Android common kernel 5.10",
            (_V11 - {_S.PTL_LOOP}) | {_S.RAW_SECTIONS, _S.EXCLUSIVE_SECTIONS, _S.FILE_FAULTS},
        ),
        Variant(
            "michel-2022",
            "speculative page faults by one counter per address space, 2022",
            frozenset((_S.SPECULATION, _S.RCU_VMAS, _S.MM_COUNTER, _S.PMD_SAVED, _S.MODERN_NAMES)),
        ),
        Variant("pvl-6.4", "per-VMA locks, Linux 6.4", _MODERN | {_S.VMA_LOCK, _S.V6, _S.V7}),
        Variant(
            "pvl-6.12", "per-VMA locks, Linux 6.12", _MODERN | {_S.VMA_LOCK, _S.ANON_TEST_UNDER_LOCK, _S.RMAP_TRYLOCK}
        ),
        Variant(
            "ref-6.15",
            "reference counted VMAs, Linux 6.15",
            _MODERN | {_S.VMA_LOCK, _S.VMA_REFCOUNT, _S.ANON_TEST_UNDER_LOCK, _S.RMAP_TRYLOCK, _S.MOVE_SUBCLASS},
        ),
    )
}
DEFAULT_VARIANT = VARIANTS["spf-v2"]


def difference(first: Variant, second: Variant) -> tuple[tuple[Switch, ...], tuple[Switch, ...]]:
    """The switches that only ``first`` has and those that only ``second`` has, in the order of ``Switch``."""
    only_first = tuple(switch for switch in Switch if switch in first.switches - second.switches)
    only_second = tuple(switch for switch in Switch if switch in second.switches - first.switches)
    return only_first, only_second
