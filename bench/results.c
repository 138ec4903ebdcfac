#include "results.h"

#include <stdio.h>
#include <stdlib.h>

static bool printed;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

size_t results_rounds(const vectors *v, size_t at_least, size_t queries)
{
    size_t all = queries > 1 ? (v->n_probes + queries - 1) / queries : 1;
    return (all > at_least ? all : at_least) + 1;
}

void results_print(const vectors *v, const char *engine, size_t queries, unsigned threads, results *r,
                   double bytes_per_row, const char *extra)
{
    double ms = median(r->ms + 1, r->rounds - 1), read_ms = median(r->read_ms + 1, r->rounds - 1);
    double multiply_ms = median(r->multiply_ms + 1, r->rounds - 1);
    double bytes = (double)v->rows * (double)((v->dim + 63) / 64 * 64);
    printf(
        "%s\n {\"engine\":\"%s\",\"planted\":\"%s\",\"rows\":%zu,\"dim\":%d,\"queries\":%zu,\"threads\":%u,",
        printed ? "," : "[", engine, v->mates ? "pairs" : "0.6", v->rows, v->dim, queries, threads);
    printf("\"ms\":%.3f,\"read_ms\":%.3f,\"rank1\":%.4f,\"bytes_per_row\":%.1f,", ms, read_ms,
           (double)r->hits / (double)r->probes, bytes_per_row);
    if (multiply_ms > 0)
        printf("\"multiply_ms\":%.3f,", multiply_ms);
    printf("\"comparisons_per_s\":%.4g,\"read_gb_per_s\":%.1f%s}",
           (double)v->rows * (double)queries / ms * 1e3, bytes / read_ms / 1e6, extra ? extra : "");
    printed = true;
    fflush(stdout);
}

void results_end(void)
{
    printf("%s]\n", printed ? "\n" : "[");
}
