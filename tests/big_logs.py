"""Large logs for the benchmarks: ``from big_logs import write_log``."""

from pathlib import Path


def at(report: bytes, second: int) -> bytes:
    """The report as it is printed at another time: with one time stamp it would be one event, captured twice."""
    return report.replace(b"[ 2311.", b"[ %d." % (2311 + second))


def write_log(path: Path, report: bytes, size: int, reports: int) -> Path:
    """Write ordinary kernel messages of about ``size`` bytes with the report at that many places, evenly apart."""
    block = b"".join(
        b"[%5d.%06d] usb %d-%d: new high-speed USB device number %d using xhci_hcd: status 0x%x\n"
        % (n // 100, n % 1_000_000, n % 4, n % 9, n % 128, n * 2654435761 % 2**32)
        for n in range(100_000)
    )
    with path.open("wb") as out:
        for number in range(reports):
            room = size // reports - len(report)
            while room > 0:
                out.write(block[: min(room, len(block))])
                room -= len(block)
            out.write(b"\n" + at(report, number))
    return path
