// Drives a verilated sorter: words from a file in, results and every layer's words out, clock by clock.
//
//   harness WORDS OUT n_words n_results hold_after quiet_cap idle_cycles [VCD]
//
// WORDS holds each input word as the model's own port type lies in memory. OUT receives records: one byte of kind
// (0: input taken, 1: result taken, 2 + k: word of layer k), eight bytes of clock, then the word but for kind 0.
// Results taken so far go to standard output, one line for each percent.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "Vbench.h"
#include "verilated.h"
#ifdef WAVEFORMS
#include "verilated_vcd_c.h"
#endif

static FILE* output;

static void put(uint8_t kind, uint64_t clock, const void* word, size_t size) {
    std::fwrite(&kind, 1, 1, output);
    std::fwrite(&clock, 8, 1, output);
    if (size != 0) std::fwrite(word, 1, size, output);
}

int main(int argc, char** argv) {
    if (argc < 8) return 2;
    const uint64_t n_words = std::strtoull(argv[3], nullptr, 10);
    const uint64_t n_results = std::strtoull(argv[4], nullptr, 10);
    const uint64_t hold_after = std::strtoull(argv[5], nullptr, 10);
    const uint64_t quiet_cap = std::strtoull(argv[6], nullptr, 10);
    const uint64_t idle_cycles = std::strtoull(argv[7], nullptr, 10);
    auto context = std::make_unique<VerilatedContext>();
    auto model = std::make_unique<Vbench>(context.get());
#ifdef WAVEFORMS
    VerilatedVcdC waveforms;
    context->traceEverOn(true);
    model->trace(&waveforms, 99);
    if (argc > 8) waveforms.open(argv[8]);
#endif
    const size_t size_in = sizeof(model->spike_data), size_out = sizeof(model->unit_data);
    std::vector<uint8_t> words(n_words * size_in);
    FILE* input = std::fopen(argv[1], "rb");
    output = std::fopen(argv[2], "wb");
    if (input == nullptr || output == nullptr) return 3;
    if (std::fread(words.data(), 1, words.size(), input) != words.size()) return 4;
    std::fclose(input);

    uint64_t sent = 0, received = 0, quiet = 0, idle = 0;
    int code = 0;
    auto half = [&](int level) {
        model->clk = level;
        model->eval();
#ifdef WAVEFORMS
        waveforms.dump(context->time());
#endif
        context->timeInc(1);
    };
    model->rst = 1;
    model->spike_valid = 0;
    model->unit_ready = 1;
    half(0);
    half(1);
    model->rst = 0;
    for (uint64_t clock = 0;; ++clock) {
        const bool offered = sent < n_words && (sent < hold_after || received > 0);
        model->spike_valid = offered;
        if (offered) std::memcpy(&model->spike_data, &words[sent * size_in], size_in);
        half(0);  // inputs settle before the edge, and what is about to pass can be read
        ++quiet;
        if (offered && model->spike_ready) {
            put(0, clock, nullptr, 0);
            ++sent;
            quiet = 0;
        }
        LAYERS
        if (model->unit_valid) {
            put(1, clock, &model->unit_data, size_out);
            quiet = 0;
            if (++received * 100 / n_results != (received - 1) * 100 / n_results) {
                std::printf("%llu\n", static_cast<unsigned long long>(received));
                std::fflush(stdout);
            }
        }
        half(1);
        idle = sent == n_words && received >= n_results ? idle + 1 : 0;
        if (idle > idle_cycles) break;
        if (quiet > quiet_cap) {
            code = 5;
            break;
        }
    }
#ifdef WAVEFORMS
    waveforms.close();
#endif
    std::fclose(output);
    return code;
}
