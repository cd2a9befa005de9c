"""Boards: each pin, setting and clock of the constraint files against amaranth-boards' definitions."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from amaranth_boards.arty_a7 import ArtyA7_35Platform
from amaranth_boards.ice40_hx8k_b_evn import ICE40HX8KBEVNPlatform
from amaranth_boards.icebreaker import ICEBreakerPlatform
from amaranth_boards.orangecrab_r0_2 import OrangeCrabR0_2_25FPlatform
from amaranth_boards.ulx3s import ULX3S_25F_Platform, ULX3S_85F_Platform

from hw.boards.board import BOARDS, board_named, own_board
from hw.devices import device_named
from hw.errors import BadInput

INPUTS = {"clk", "rst", "rst_n", "uart_rx", "spi_cs_n", "spi_sck", "spi_copi"}

UART = {"uart_rx": "uart.rx", "uart_tx": "uart.tx"}
DIGILENT_SPI = {"spi_cs_n": "pmod_0:1", "spi_copi": "pmod_0:2", "spi_cipo": "pmod_0:3", "spi_sck": "pmod_0:4"}

ULX3S = {
    "clk": "clk25",
    "rst": "button_fire",
    **UART,
    "spi_cs_n": "gpio_0:0+",
    "spi_copi": "gpio_0:1+",
    "spi_cipo": "gpio_0:2+",
    "spi_sck": "gpio_0:3+",
    "led_ready": "led",
    "led_error": "led 1",
    "wifi_gpio0": "esp32.gpio0",
}

PLATFORMS = {
    "icebreaker": (
        ICEBreakerPlatform,
        {"clk": "clk12", "rst_n": "button", **UART, **DIGILENT_SPI, "led_ready_n": "led_g", "led_error_n": "led_r"},
    ),
    "hx8k-b-evn": (
        ICE40HX8KBEVNPlatform,
        {
            "clk": "clk12",
            **UART,
            "spi_cs_n": "j_2:9",
            "spi_copi": "j_2:10",
            "spi_cipo": "j_2:11",
            "spi_sck": "j_2:12",
            "led_ready": "led",
            "led_error": "led 1",
        },
    ),
    "ulx3s-25f": (ULX3S_25F_Platform, ULX3S),
    "ulx3s-85f": (ULX3S_85F_Platform, ULX3S),
    "orangecrab": (
        OrangeCrabR0_2_25FPlatform,
        {
            "clk": "clk",
            "rst_n": "button",
            "uart_rx": "io_0:0",
            "uart_tx": "io_0:1",
            "spi_cs_n": "io_0:10",
            "spi_copi": "io_0:copi",
            "spi_cipo": "io_0:cipo",
            "spi_sck": "io_0:sck",
            "led_ready_n": "rgb_led.g",
            "led_error_n": "rgb_led.r",
        },
    ),
    "arty-a7-35": (
        ArtyA7_35Platform,
        {"clk": "clk100", "rst_n": "rst", **UART, **DIGILENT_SPI, "led_ready": "led", "led_error": "led 1"},
    ),
}
"""Of each board, what amaranth-boards calls each port: `resource number.subsignal`, or `connector:pin`."""


@dataclass(frozen=True)
class Expected:
    """A pin as amaranth-boards defines it; a connector's pin has no direction, polarity or settings of its own."""

    pin: str
    direction: str | None
    active_low: bool | None
    settings: dict[str, str]


def expected(platform, where):
    if ":" in where:
        pins = {name: pin for connector in platform.connectors for name, pin in connector}
        return Expected(pins[where], None, None, {})
    path, _, subsignal = where.partition(".")
    name, _, number = path.partition(" ")
    [resource] = [r for r in platform.resources if (r.name, r.number) == (name, int(number or 0))]
    ends = [end for end in resource.ios if subsignal in ("", getattr(end, "name", None))]
    [pins] = ends[0].ios if subsignal else ends
    [pin] = pins.names
    attributes = {**resource.attrs, **(ends[0].attrs if subsignal else {})}
    return Expected(pin, pins.dir, pins.invert, {key: str(value) for key, value in attributes.items()})


def in_file_format(board, port, settings):
    """Settings as the board's file writes them; a .pcf knows nothing but pull-ups, which are for inputs."""
    if board.device.family == "ice40":
        return {"pullup": "yes"} if port in INPUTS and settings.get("PULLUP") == "1" else {}
    return settings


@pytest.mark.parametrize("name", BOARDS)
def test_every_pin_is_what_amaranth_boards_says(name):
    board, (platform, ports) = board_named(name), PLATFORMS[name]
    assert board.ports == ports.keys()
    for port, where in ports.items():
        found, wanted = board.constraints, expected(platform, where)
        assert found.pins[port] == wanted.pin, port
        assert wanted.direction in (None, "io", "i" if port in INPUTS else "o"), port
        assert wanted.active_low in (None, port.endswith("_n")), port
        assert in_file_format(board, port, wanted.settings).items() <= found.io.get(port, {}).items(), port


def test_a_connectors_pins_are_counted_from_1():
    assert expected(ICEBreakerPlatform, "pmod_0:4") == Expected("45", None, None, {})


@pytest.mark.parametrize("name", BOARDS)
def test_the_oscillator_is_the_boards_default_clock(name):
    platform = PLATFORMS[name][0]
    [clock] = [r.clock for r in platform.resources if r.name == platform.default_clk]
    assert board_named(name).constraints.clocks == {"clk": clock.frequency / 1e6}


NEXTPNR_PACKAGES = {"BG381": "CABGA381", "MG285": "CSFBGA285"}


@pytest.mark.parametrize("name", BOARDS)
def test_device_package_and_speed_are_those_of_amaranth_boards(name):
    board, platform = BOARDS[name], PLATFORMS[name][0]
    package = NEXTPNR_PACKAGES.get(platform.package, platform.package)
    assert board.package.lower() == package.lower()
    assert board.speed == getattr(platform, "speed", None)
    in_order = {"ice40": "{0}-{1}", "ecp5": "{0}-{2}{1}C", "xc7": "{0}{1}-{2}"}[board.device.family]
    assert board.part.lower() == in_order.format(platform.device, platform.package, board.speed).lower()
    assert board.device.name in board.part.lower()


FAMILY_IO = {"ecp5": "IO_TYPE", "xc7": "IOSTANDARD"}


@pytest.mark.parametrize("name", [name for name in BOARDS if BOARDS[name].device.family in FAMILY_IO])
def test_every_port_has_a_standard_where_the_family_has_no_right_one_by_itself(name):
    board = board_named(name)
    without = [port for port in board.ports if FAMILY_IO[board.device.family] not in board.constraints.io[port]]
    assert not without


@pytest.mark.parametrize("name", BOARDS)
def test_inputs_that_may_be_left_open_are_pulled_to_their_idle_level(name):
    io = board_named(name).constraints.io
    for port in ("uart_rx", "spi_cs_n"):
        assert {"pullup": "yes", "PULLMODE": "UP", "PULLUP": "TRUE"}.items() & io[port].items(), port


def test_an_unknown_board_is_refused_with_the_known_ones():
    with pytest.raises(BadInput, match=r"^board 'icebraker' is not known; known are icebreaker, hx8k-b-evn, .*-35$"):
        board_named("icebraker")


def test_without_the_checkout_the_message_says_what_to_install(monkeypatch):
    missing = replace(BOARDS["icebreaker"], file=Path("/nowhere/icebreaker.pcf"))
    monkeypatch.setitem(BOARDS, "icebreaker", missing)
    with pytest.raises(BadInput, match=r"^board icebreaker: /nowhere/icebreaker.pcf is not there; .*pip install -e"):
        board_named("icebreaker")


def own(file):
    return own_board(device_named("up5k"), file, "sg48", None)


def test_a_file_of_ones_own_makes_a_board_of_a_known_device(tmp_path):
    file = tmp_path / "bench.pcf"
    file.write_text("set_io clk 20\nset_frequency clk 16.5\nset_io uart_tx 3\n")
    board = own(file)
    assert (board.name, board.clock_mhz, board.ports) == ("bench", 16.5, {"clk", "uart_tx"})


@pytest.mark.parametrize("text", ["set_io clk 35", "set_frequency clk 12", "set_io uart_tx 3"])
def test_a_file_without_an_oscillator_is_refused(tmp_path, text):
    (tmp_path / "bench.pcf").write_text(text)
    with pytest.raises(BadInput, match=r"bench.pcf: port clk, the oscillator, needs a pin and a frequency"):
        own(tmp_path / "bench.pcf")


def test_a_file_of_another_family_is_refused():
    with pytest.raises(BadInput, match=r"bench.lpf of device up5k should end in .pcf"):
        own(Path("bench.lpf"))
