// Pictures as { width, height, rgb }.
import jpeg from 'jpeg-js';

export function decodeJpeg(bytes) {
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false, maxMemoryUsageInMB: 1024 });
  return { width, height, rgb: data };
}

// A square of `size` pixels; map takes its pixels to the picture's. Bilinear, black outside; where the picture is much
// larger, the mean of several samples a pixel.
export function warp({ width, height, rgb }, [a, b, c, d, e, f], size) {
  const out = new Uint8Array(size * size * 3);
  const samples = Math.max(1, Math.round(Math.hypot(a, d)));
  const sum = [0, 0, 0];
  const add = (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    for (const [px, py, weight] of [[left, top, (left + 1 - x) * (top + 1 - y)], [left + 1, top, (x - left) * (top + 1 - y)],
      [left, top + 1, (left + 1 - x) * (y - top)], [left + 1, top + 1, (x - left) * (y - top)]]) {
      if (px < 0 || py < 0 || px >= width || py >= height) continue;
      for (let k = 0; k < 3; k++) sum[k] += weight * rgb[(py * width + px) * 3 + k];
    }
  };
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      sum.fill(0);
      for (let j = 0; j < samples; j++)
        for (let i = 0; i < samples; i++) {
          const [u, v] = [x + (i + 0.5) / samples - 0.5, y + (j + 0.5) / samples - 0.5];
          add(a * u + b * v + c, d * u + e * v + f);
        }
      for (let k = 0; k < 3; k++) out[(y * size + x) * 3 + k] = Math.round(sum[k] / (samples * samples));
    }
  return out;
}
