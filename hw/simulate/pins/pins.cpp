// Drives a verilated bench of pins, as standard input says and standard output answers, numbers in little-endian:
//
//   in    how many runs follow, 32 bits; then each: clocks, levels of the inputs, `quiet`, 32 bits each
//   out   the clock now, 64 bits; how many changes follow, 32 bits; then each: its clock, 64 bits, and the levels of
//         the outputs from then on, 32 bits
//
// A run ends early once an output has changed in it and then none for `quiet` clocks, unless that is 0. Inputs change
// while the clock is low. The end of standard input ends the program.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "Vbench.h"
#include "verilated.h"

struct Run {
    uint32_t clocks, levels, quiet;
};

class Pins {
  public:
    void play(const Run& run) {
        model->pins_in = run.levels;
        uint64_t still = 0;
        bool moved = false;
        for (uint32_t left = run.clocks; left != 0; --left) {
            model->clk = 0;
            model->eval();
            if (model->pins_out != levels) {
                note();
                moved = true;
                still = 0;
            } else if (moved && run.quiet != 0 && ++still >= run.quiet) {
                return;
            }
            model->clk = 1;
            model->eval();
            ++clock;
        }
    }

    void answer() {
        const uint32_t n = changes.size() / change_size;
        std::fwrite(&clock, sizeof clock, 1, stdout);
        std::fwrite(&n, sizeof n, 1, stdout);
        std::fwrite(changes.data(), 1, changes.size(), stdout);
        std::fflush(stdout);
        changes.clear();
    }

  private:
    static constexpr size_t change_size = sizeof(uint64_t) + sizeof(uint32_t);
    const std::unique_ptr<VerilatedContext> context = std::make_unique<VerilatedContext>();
    const std::unique_ptr<Vbench> model = std::make_unique<Vbench>(context.get());
    uint64_t clock = 0;
    uint32_t levels = 0;
    std::vector<uint8_t> changes;

    void note() {
        levels = model->pins_out;
        const size_t at = changes.size();
        changes.resize(at + change_size);
        std::memcpy(&changes[at], &clock, sizeof clock);
        std::memcpy(&changes[at + sizeof clock], &levels, sizeof levels);
    }
};

int main() {
    Pins pins;
    std::vector<Run> runs;
    for (uint32_t n; std::fread(&n, sizeof n, 1, stdin) == 1; pins.answer()) {
        runs.resize(n);
        if (std::fread(runs.data(), sizeof(Run), n, stdin) != n) return 1;
        for (const Run& run : runs) pins.play(run);
    }
    return 0;
}
