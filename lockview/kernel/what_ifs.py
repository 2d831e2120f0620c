"""What-if names of kernels that are no mistake of their own: an older way of doing things, or another scenario."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.switches import Switch

_S = Switch


class WhatIf(NamedTuple):
    """What a name stands for."""

    meaning: str
    on: tuple[Switch, ...] = ()
    off: tuple[Switch, ...] = ()


WHAT_IFS: dict[str, WhatIf] = {
    "M10": WhatIf("M1, where mprotect is the writer", on=(_S.M1,)),
    "M14": WhatIf("M13, with an mprotect and a fault between the writers", on=(_S.M13,)),
    "M15": WhatIf("mremap links the new VMA before it opens its section", off=(_S.OPEN_BEFORE_LINK,)),
    "M17": WhatIf("fork opens no write section", off=(_S.FORK_SECTIONS,)),
    "M22": WhatIf(
        "lockdep sees the sections of mremap and __vma_adjust, as in v2",
        off=(_S.COUNTER_FIRST, _S.RAW_ADJUST, _S.RAW_MREMAP, _S.RAW_SECTIONS),
    ),
    "M24": WhatIf("M23, where truncation is the other writer", on=(_S.M23,)),
    "M25": WhatIf("M23, where somebody else reclaims", on=(_S.M23,)),
    "M26": WhatIf("a busy page table lock is tried again and again", on=(_S.PTL_LOOP,)),
}
"""With ``Switch`` these are all names of the mutation matrix; what they lead to depends on the scenario."""
