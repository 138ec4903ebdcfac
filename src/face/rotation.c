#include "face/rotation.h"
#include <math.h>
#include <string.h>

static void centroid(const mn_point3 *p, size_t n, double out[3])
{
    out[0] = out[1] = out[2] = 0;
    for (size_t i = 0; i < n; i++) {
        out[0] += p[i].x / (double)n;
        out[1] += p[i].y / (double)n;
        out[2] += p[i].z / (double)n;
    }
}

/* Sums of products of the centred coordinates: s[i][j] = Σ from_i · to_j. */
static void correlate(const mn_point3 *from, const mn_point3 *to, size_t n, double s[3][3])
{
    double cf[3], ct[3];
    centroid(from, n, cf);
    centroid(to, n, ct);
    memset(s, 0, 9 * sizeof(double));
    for (size_t k = 0; k < n; k++) {
        double f[3] = {from[k].x - cf[0], from[k].y - cf[1], from[k].z - cf[2]};
        double t[3] = {to[k].x - ct[0], to[k].y - ct[1], to[k].z - ct[2]};
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                s[i][j] += f[i] * t[j];
    }
}

/* One Jacobi rotation that makes a[p][q] zero; v collects the eigenvectors in its columns. */
static void jacobi_turn(double a[4][4], double v[4][4], int p, int q)
{
    if (a[p][q] == 0)
        return;
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < 4; k++) {
        double kp = a[k][p], kq = a[k][q];
        a[k][p] = c * kp - s * kq, a[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < 4; k++) {
        double pk = a[p][k], qk = a[q][k], vp = v[k][p], vq = v[k][q];
        a[p][k] = c * pk - s * qk, a[q][k] = s * pk + c * qk;
        v[k][p] = c * vp - s * vq, v[k][q] = s * vp + c * vq;
    }
}

/* The eigenvector of the largest eigenvalue of a symmetric matrix. Eight sweeps: it converges quadratically,
 * and four have been enough for 4 × 4. */
static void largest_eigenvector(double a[4][4], double out[4])
{
    double v[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    int best = 0;
    for (int sweep = 0; sweep < 8; sweep++)
        for (int p = 0; p < 3; p++)
            for (int q = p + 1; q < 4; q++)
                jacobi_turn(a, v, p, q);
    for (int i = 1; i < 4; i++)
        if (a[i][i] > a[best][best])
            best = i;
    for (int i = 0; i < 4; i++)
        out[i] = v[i][best];
}

static void from_quaternion(const double q[4], mn_rotation *out)
{
    double w = q[0], x = q[1], y = q[2], z = q[3];
    double m[3][3] = {
        {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
        {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
        {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)},
    };
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out->m[i][j] = (float)m[i][j];
}

bool mn_rotation_fit(const mn_point3 *from, const mn_point3 *to, size_t n, mn_rotation *out)
{
    double s[3][3], q[4], size = 0;
    correlate(from, to, n, s);
    for (int i = 0; i < 9; i++)
        size += fabs(s[i / 3][i % 3]);
    if (!(size > 0) || !isfinite(size))
        return false;
    double a[4][4] = {
        {s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]},
        {s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]},
        {s[2][0] - s[0][2], s[0][1] + s[1][0], -s[0][0] + s[1][1] - s[2][2], s[1][2] + s[2][1]},
        {s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], -s[0][0] - s[1][1] + s[2][2]},
    };
    largest_eigenvector(a, q);
    from_quaternion(q, out);
    return true;
}

mn_pose mn_rotation_angles(const mn_rotation *r)
{
    const float degrees = 57.29577951f;
    float down = r->m[2][0] < -1 ? -1 : r->m[2][0] > 1 ? 1 : r->m[2][0];
    return (mn_pose){
        .made = true,
        .yaw = asinf(down) * degrees,
        .pitch = -atan2f(r->m[2][1], r->m[2][2]) * degrees,
        .roll = atan2f(r->m[1][0], r->m[0][0]) * degrees,
    };
}
