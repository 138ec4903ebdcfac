// The comparison: the same gallery and probes in FAISS 1.7 and hnswlib, as their users would search them.
//
//   search ENGINE ROWSxDIM THREADS ROUNDS [PAIRS]        ENGINE: flat, sq8, ivf, hnsw
//
// Prints a JSON list like bench/search.c. One engine a process, so that each gives its memory back. FAISS shares the
// queries of one call out to threads, not the rows: one query on IndexFlatIP or SQ8 has one thread, however many there
// are. IVF searches the lists of one query in parallel where it is told to, and is.
#include "../reading.h"
#include "../results.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <functional>
#include <hnswlib/hnswlib.h>
#include <omp.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t kBatch = 16384, kQueries = 16;

struct Bench {
    vectors v{};
    int threads = 2;
    size_t rounds = 31;
    reading *read = nullptr;

    size_t dim() const { return static_cast<size_t>(v.dim); }
};

// Best row of each of n probes, back to back.
using Search = std::function<void(const float *probes, size_t n, long *best)>;

double resident() {
    long pages = 0;
    if (FILE *f = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(f, "%*d %ld", &pages) != 1)
            pages = 0;
        std::fclose(f);
    }
    return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double seconds() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

void measure(const Bench &b, const std::string &name, size_t queries, double bytes, const Search &search) {
    static results r;
    r = results{};
    r.rounds = results_rounds(&b.v, b.rounds, queries);
    std::vector<float> probes(queries * b.dim());
    long best[kQueries];
    for (size_t round = 0, first = 0; round < r.rounds; round++, first += queries) {
        for (size_t i = 0; i < queries; i++)
            std::copy_n(b.v.probes + (first + i) % b.v.n_probes * b.dim(), b.dim(), probes.data() + i * b.dim());
        r.read_ms[round] = reading_ms(b.read);
        double from = seconds();
        search(probes.data(), queries, best);
        r.ms[round] = (seconds() - from) * 1e3;
        for (size_t i = 0; i < queries; i++, r.probes++)
            r.hits += best[i] == static_cast<long>(vectors_mate(&b.v, (first + i) % b.v.n_probes));
    }
    results_print(&b.v, name.c_str(), queries, static_cast<unsigned>(b.threads), &r, bytes / static_cast<double>(b.v.rows), nullptr);
}

// Rows from … in a batch, made by all threads.
void make_rows(const Bench &b, size_t from, std::vector<float> &out) {
    size_t n = std::min(kBatch, b.v.rows - from);
    out.resize(n * b.dim());
#pragma omp parallel for
    for (size_t i = 0; i < n; i++)
        vectors_row(&b.v, from + i, out.data() + i * b.dim());
}

void add_all(const Bench &b, faiss::Index &index) {
    std::vector<float> rows;
    for (size_t row = 0; row < b.v.rows; row += kBatch) {
        make_rows(b, row, rows);
        index.add(static_cast<faiss::Index::idx_t>(rows.size() / b.dim()), rows.data());
    }
}

void train(const Bench &b, faiss::Index &index, size_t n) {
    std::vector<float> sample(n * b.dim());
    for (size_t i = 0; i < n; i++)
        vectors_row(&b.v, i * b.v.rows / n, sample.data() + i * b.dim());
    index.train(static_cast<faiss::Index::idx_t>(n), sample.data());
}

void measure_faiss(const Bench &b, const std::string &name, double bytes, faiss::Index &index,
                   const std::function<void(size_t)> &before) {
    for (size_t queries : {size_t{1}, kQueries}) {
        before(queries);
        measure(b, name, queries, bytes, [&](const float *probes, size_t n, long *best) {
            float scores[kQueries];
            faiss::Index::idx_t ids[kQueries];
            index.search(static_cast<faiss::Index::idx_t>(n), probes, 1, scores, ids);
            std::copy_n(ids, n, best);
        });
    }
}

void nothing(size_t) {}

void run_flat(const Bench &b) {
    faiss::IndexFlatIP index(b.v.dim);
    index.codes.reserve(b.v.rows * b.dim() * sizeof(float)); // or the vector would be copied as it doubles
    add_all(b, index);
    measure_faiss(b, "FAISS IndexFlatIP", static_cast<double>(index.codes.size()), index, nothing);
}

void run_sq8(const Bench &b) {
    faiss::IndexScalarQuantizer index(b.v.dim, faiss::ScalarQuantizer::QT_8bit, faiss::METRIC_INNER_PRODUCT);
    train(b, index, std::min<size_t>(b.v.rows, 65536));
    index.codes.reserve(b.v.rows * index.code_size);
    add_all(b, index);
    measure_faiss(b, "FAISS SQ8", static_cast<double>(index.codes.size()), index, nothing);
}

// As many lists as the square root of the rows, up to 1 024: with Debian's BLAS more take hours to train and fill.
void run_ivf(const Bench &b) {
    double before = resident();
    size_t lists = std::min<size_t>(1024, static_cast<size_t>(std::sqrt(static_cast<double>(b.v.rows))));
    faiss::IndexFlatIP coarse(b.v.dim);
    faiss::IndexIVFFlat index(&coarse, b.dim(), lists, faiss::METRIC_INNER_PRODUCT);
    index.cp.niter = 5;
    index.cp.max_points_per_centroid = 64;
    train(b, index, std::min(b.v.rows, lists * 64));
    add_all(b, index);
    double bytes = resident() - before;
    for (size_t probes : {lists / 64 + 1, lists / 4}) {
        index.nprobe = probes;
        std::string name = "FAISS IVF" + std::to_string(lists) + ", " + std::to_string(probes) + " lists searched";
        measure_faiss(b, name, bytes, index, [&](size_t queries) { index.parallel_mode = queries == 1 ? 1 : 0; });
    }
}

void run_hnsw(const Bench &b) {
    double before = resident();
    hnswlib::InnerProductSpace space(b.dim());
    hnswlib::HierarchicalNSW<float> index(&space, b.v.rows, 16, 100);
    std::vector<float> rows;
    for (size_t row = 0; row < b.v.rows; row += kBatch) {
        make_rows(b, row, rows);
        size_t n = rows.size() / b.dim(), first = row == 0 ? 1 : 0;
        if (row == 0)
            index.addPoint(rows.data(), 0); // the entry point, before threads come
#pragma omp parallel for schedule(dynamic, 16)
        for (size_t i = first; i < n; i++)
            index.addPoint(rows.data() + i * b.dim(), row + i);
    }
    double bytes = resident() - before;
    for (size_t ef : {size_t{64}, size_t{512}}) {
        index.setEf(ef);
        for (size_t queries : {size_t{1}, kQueries})
            measure(b, "hnswlib M 16, ef " + std::to_string(ef), queries, bytes, [&](const float *probes, size_t n, long *best) {
#pragma omp parallel for if (n > 1) schedule(dynamic)
                for (size_t i = 0; i < n; i++) {
                    auto found = index.searchKnn(probes + i * b.dim(), 1);
                    best[i] = found.empty() ? -1 : static_cast<long>(found.top().second);
                }
            });
    }
}

int run(int argc, char **argv) {
    Bench b;
    size_t rows = 0;
    int dim = 0;
    if (argc < 5 || argc > 6 || !vectors_parse(argv[2], &rows, &dim))
        throw std::runtime_error("usage: search flat|sq8|ivf|hnsw ROWSxDIM THREADS ROUNDS [PAIRS]");
    b.threads = std::clamp(std::atoi(argv[3]), 1, THREADS_MAX);
    b.rounds = std::clamp<size_t>(std::strtoul(argv[4], nullptr, 10), 1, ROUNDS_MAX - 1);
    if (!(argc == 6 ? vectors_read_pairs(&b.v, rows, dim, argv[5]) : vectors_make(&b.v, rows, dim)))
        throw std::runtime_error("no probes: out of memory, or pairs of another dimension");
    omp_set_num_threads(b.threads);
    b.read = reading_create(rows * ((static_cast<size_t>(dim) + 63) / 64 * 64), static_cast<unsigned>(b.threads));
    if (!b.read)
        throw std::runtime_error("no memory or no threads");
    const std::pair<const char *, void (*)(const Bench &)> engines[] = {
        {"flat", run_flat}, {"sq8", run_sq8}, {"ivf", run_ivf}, {"hnsw", run_hnsw}};
    for (const auto &[name, fn] : engines)
        if (std::strcmp(name, argv[1]) == 0)
            fn(b);
    reading_destroy(b.read);
    vectors_finish(&b.v);
    results_end();
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "search: %s\n", e.what());
        return 3;
    }
}
