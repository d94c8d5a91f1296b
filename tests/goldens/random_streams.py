"""The random streams of pipelines/data/random.ts: xoroshiro128+ from a hash of the seed and the stream's purpose."""

import json

MASK = 2**64 - 1


class Random:
    def __init__(self, seed, *stream):
        value = 0xCBF29CE484222325
        for byte in json.dumps([seed, *stream], separators=(",", ":"), ensure_ascii=False).encode():
            value = ((value ^ byte) * 0x100000001B3) & MASK
        self.state = [_splitmix(value, step) for step in (1, 2)]

    def word(self):
        """32 bits: the lower ones of the sum."""
        first, second = self.state
        found = (first + second) & 0xFFFFFFFF
        second ^= first
        self.state = [_rotated(first, 24) ^ second ^ ((second << 16) & MASK), _rotated(second, 37)]
        return found

    def uniform(self):
        """A multiple of 2**-53 in [0, 1)."""
        upper, lower = self.word() & 0x3FFFFFF, self.word() & 0x7FFFFFF
        return (upper * 2**27 + lower) * 2.0**-53


def _splitmix(seed, step):
    word = (seed + step * 0x9E3779B97F4A7C15) & MASK
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def _rotated(word, bits):
    return ((word << bits) | (word >> (64 - bits))) & MASK
