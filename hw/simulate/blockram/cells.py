"""Block memories of a mapped netlist as cells of one small module."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hw.simulate.blockram import ecp5, xc7
from hw.simulate.blockram.memory import Bit, BlockMemory, Reader, Writer

MODEL = Path(__file__).with_name("model.v")
"""Verilog of the module."""

_MODULE = "spikeloom_block_ram"
_FEWEST_ADDRESS_BITS = 6  # of a single word of 72 bits


def with_plain_memories(module: Mapping[str, Any]) -> dict[str, Any]:
    """A module of Yosys's JSON, its block memories of ECP5 and the 7 series as cells of the module in `MODEL`.

    Raises:
        BadInput: if a memory is set up in a way that the module does not model.
    """
    return {**module, "cells": {name: _with_plain_memory(name, cell) for name, cell in module["cells"].items()}}


def _with_plain_memory(name: str, cell: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = cell["type"]
    if kind != ecp5.KIND and kind not in xc7.KINDS:
        return cell
    title, pins = f"cell {name}: {kind}", cell["connections"]
    parameters = {key: _value(text) for key, text in cell["parameters"].items()}
    if kind == ecp5.KIND:
        memory = ecp5.memory_of(title, parameters, pins)
    else:
        memory = xc7.memory_of(kind, title, parameters, pins)
    return {**cell, **_module_of(memory)}


def _value(text: str) -> int | str:
    """A parameter: a number whose open bits are 0, or a word."""
    return int(text.replace("x", "0"), 2) if set(text) <= {"0", "1", "x"} else text


def _module_of(memory: BlockMemory) -> dict[str, Any]:
    reader = memory.reader
    writer = memory.writer or Writer(reader.clock, ("0", "0"), ["0"], ["0"] * len(reader.address), ["0"])
    address_bits = _used_address_bits(reader, writer)
    group_bits = address_bits - 3
    numbers = {
        "GROUP_BITS": group_bits,
        "READ_WIDTH": len(reader.word),
        "WRITE_WIDTH": len(writer.word),
        "COLLISIONS_OPEN": int(memory.collisions_open),
    }
    pins: dict[str, list[Bit]] = {
        "clock": [reader.clock],
        "read": [reader.enable],
        "read_address": reader.address[:address_bits],
        "read_word": reader.word,
        "write": list(writer.enables),
        "lanes": writer.lanes,
        "write_address": writer.address[:address_bits],
        "write_word": writer.word,
    }
    return {
        "type": _MODULE,
        "parameters": {
            **{name: f"{number:032b}" for name, number in numbers.items()},
            "INIT": memory.contents[-(9 << group_bits) :],
        },
        "port_directions": {pin: "output" if pin == "read_word" else "input" for pin in pins},
        "connections": pins,
    }


def _used_address_bits(reader: Reader, writer: Writer) -> int:
    """A memory of which only the first words are ever reached is made no larger than they are."""
    bits = len(reader.address)
    while bits > _FEWEST_ADDRESS_BITS and reader.address[bits - 1] == writer.address[bits - 1] == "0":
        bits -= 1
    return bits
