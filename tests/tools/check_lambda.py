"""Checks the Lambda's binary: small enough, and able to start on Amazon Linux 2023.

Prints its size, the size of its zip, and the newest glibc that it asks for.
"""

import io
import pathlib
import re
import subprocess
import sys
import zipfile

LARGEST = 10_500_000  # bytes
NEWEST_GLIBC = (2, 34)  # what provided.al2023 has


def zipped(data: bytes) -> int:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        out.writestr("bootstrap", data)
    return len(archive.getvalue())


def newest_glibc(path: pathlib.Path) -> tuple[int, int]:
    versions = subprocess.run(
        ["readelf", "--version-info", "--wide", str(path)],
        check=True, capture_output=True, text=True,
    ).stdout
    found = {
        tuple(int(part) for part in match.split(".")[:2])
        for match in re.findall(r"GLIBC_(\d+\.\d+)", versions)
    }
    if not found:
        sys.exit(f"{path}: asks for no glibc at all, which cannot be right")
    return max(found)


def main() -> None:
    path = pathlib.Path(sys.argv[1])
    data = path.read_bytes()
    glibc = newest_glibc(path)
    print(f"binary {len(data):,} bytes, zip {zipped(data):,} bytes, glibc {glibc[0]}.{glibc[1]}")
    if len(data) > LARGEST:
        sys.exit(f"{path}: {len(data):,} bytes are more than {LARGEST:,}")
    if glibc > NEWEST_GLIBC:
        sys.exit(f"{path}: asks for glibc {glibc}, provided.al2023 has {NEWEST_GLIBC}")


if __name__ == "__main__":
    main()
