"""Decompress record batches in pieces of at most 1 MiB, whatever size the input claims.

A producer chooses the ratio: 42 kB of zstd can hold 300 MB, and kafka-python unpacks all of it at once.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import lz4.frame
import snappy
import zstandard

UNCOMPRESSED, _GZIP, _SNAPPY, _LZ4, _ZSTD = range(5)
_PIECE_BYTES: Final = 1 << 20
_FIRST_PIECE_BYTES: Final = 64 << 10
_INPUT_BYTES: Final = 64 << 10
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ANY_GZIP_WINDOW: Final = 31
# The window of the highest level of zstd. Memory is taken as it is filled, so an empty window costs nothing.
_ZSTD_WINDOW_BYTES: Final = 128 << 20
# Java writes snappy as blocks with a length before each, behind this mark and two version numbers.
_SNAPPY_STREAM: Final = b"\x82SNAPPY\x00"
_SNAPPY_STREAM_HEADER_BYTES: Final = 16
_BLOCK_LENGTH: Final = struct.Struct(">i")
_MAX_VARINT_BYTES: Final = 5
_MORE: Final = 0x80  # in a byte of a number that goes on

# Kept because creating one takes longer than decompressing a small batch. Streams that are read in turn need one each.
_IDLE_ZSTD: Final[list[zstandard.ZstdDecompressor]] = []

_FAULTS: Final = (zlib.error, zstandard.ZstdError, snappy.UncompressError, RuntimeError, ValueError, struct.error)


class CodecError(ValueError):
    """Compressed bytes that cannot be decompressed, or a codec that does not exist."""


class BlockTooLargeError(ValueError):
    """A block that can only be decompressed as a whole is larger than the bound."""


def pieces(codec: int, data: memoryview, bound_bytes: int) -> Iterator[bytes]:
    """Yield the decompressed bytes of `data`. Raises CodecError.

    A block of snappy is one piece of any size, because it can only be decompressed as a whole: BlockTooLargeError
    before one of more than `bound_bytes` is unpacked.
    """
    try:
        if codec == _SNAPPY:
            yield from _snappy(data, bound_bytes)
        elif codec in _DECOMPRESS:
            yield from _DECOMPRESS[codec](data)
        else:
            raise CodecError(f"codec {codec}")
    except _FAULTS as error:
        if isinstance(error, CodecError | BlockTooLargeError):
            raise
        raise CodecError(f"{type(error).__name__}: {error}") from error


def _uncompressed(data: memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE_BYTES):
        yield bytes(data[start : start + _PIECE_BYTES])


def _gzip(data: memoryview) -> Iterator[bytes]:
    waiting: bytes | memoryview = b""
    inflater, at, is_full = zlib.decompressobj(_ANY_GZIP_WINDOW), 0, False
    while at < len(data) or waiting or is_full:
        if not waiting and not is_full:
            waiting = data[at : at + _INPUT_BYTES]
            at += len(waiting)
        piece = inflater.decompress(waiting, _PIECE_BYTES)
        waiting, is_full = inflater.unconsumed_tail, len(piece) == _PIECE_BYTES
        if piece:
            yield piece
        if inflater.eof:
            # Members may follow each other; like Java, ignore what else follows.
            at -= len(inflater.unused_data)
            if bytes(data[at : at + len(_GZIP_MAGIC)]) != _GZIP_MAGIC:
                return
            inflater, waiting, is_full = zlib.decompressobj(_ANY_GZIP_WINDOW), b"", False


def _lz4(data: memoryview) -> Iterator[bytes]:
    decompressor = lz4.frame.LZ4FrameDecompressor()
    piece = decompressor.decompress(data, max_length=_PIECE_BYTES)
    while piece:
        yield piece
        if decompressor.eof or decompressor.needs_input:
            return
        piece = decompressor.decompress(b"", max_length=_PIECE_BYTES)


def _zstd(data: memoryview) -> Iterator[bytes]:
    try:
        decompressor = _IDLE_ZSTD.pop()
    except IndexError:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    with decompressor.stream_reader(data, read_across_frames=True) as reader:
        size = _FIRST_PIECE_BYTES
        while piece := reader.read(size):
            yield piece
            size = _PIECE_BYTES
    if reader.tell() <= _FIRST_PIECE_BYTES:  # after more, it would keep the large window that it needed
        _IDLE_ZSTD.append(decompressor)


_DECOMPRESS: Final = {UNCOMPRESSED: _uncompressed, _GZIP: _gzip, _LZ4: _lz4, _ZSTD: _zstd}


def _snappy(data: memoryview, bound_bytes: int) -> Iterator[bytes]:
    mark = len(_SNAPPY_STREAM)
    if bytes(data[:mark]) != _SNAPPY_STREAM:
        yield _snappy_block(bytes(data), bound_bytes)
        return
    at = 0
    while at < len(data):
        # Streams may follow each other, each with the mark in place of a length.
        if bytes(data[at : at + mark]) == _SNAPPY_STREAM:
            at += _SNAPPY_STREAM_HEADER_BYTES
            continue
        (length,) = _BLOCK_LENGTH.unpack_from(data, at)
        at += _BLOCK_LENGTH.size
        if length < 0 or at + length > len(data):
            raise CodecError("a block of snappy is cut off")
        yield _snappy_block(bytes(data[at : at + length]), bound_bytes)
        at += length


def _snappy_block(block: bytes, bound_bytes: int) -> bytes:
    """Decompress a block, which begins with the size of its content; the library allocates that size first."""
    size = 0
    for index, byte in enumerate(block[:_MAX_VARINT_BYTES]):
        size |= (byte & 0x7F) << 7 * index
        if byte < _MORE:
            break
    else:
        raise CodecError("a block of snappy has no size")
    if size > bound_bytes:
        raise BlockTooLargeError(f"a block of snappy of {size} bytes")
    unpacked: bytes = snappy.uncompress(block)
    return unpacked
