// Cuts aligned faces out of pictures, for measuring the ranges of int8 networks (models/convert/calibrate.mjs).
//
//   node chips.mjs --models ../../build/models/offline --out DIR [--square PIXELS] PICTURE.jpg...
//
// Writes DIR/112/NNN.ppm and DIR/150/NNN.ppm, the chips of the two descriptor networks. Pictures of many faces are looked
// at in overlapping squares of --square pixels.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Net, loadRuntime } from '../../models/convert/runtime.mjs';
import { decodeJpeg, warp } from './picture.mjs';

// Where the middles of the eyes, the nose and the corners of the mouth lie in a chip.
const TEMPLATES = {
  112: [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
  150: [[47.8172, 47.4078], [100.2082, 47.4078], [74.0127, 76.5625], [50.4149, 103.0233], [97.6104, 103.0233]],
};
const MESH_POINTS = [[33, 133], [362, 263], [1], [61], [291]];

function planes(rgb, scale, shift) {
  const area = rgb.length / 3;
  return Float32Array.from({ length: rgb.length }, (_, i) => rgb[(i % area) * 3 + Math.floor(i / area)] * scale + shift);
}

// The map from a crop of `size` pixels back to the picture: centre, side and angle of the crop.
function cropMap({ x, y, side, angle }, size) {
  const c = (Math.cos(angle) * side) / size;
  const s = (Math.sin(angle) * side) / size;
  const half = (size - 1) / 2;
  return [c, -s, x - (c - s) * half, s, c, y - (s + c) * half];
}

const apply = ([a, b, c, d, e, f], [x, y]) => [a * x + b * y + c, d * x + e * y + f];

async function detectIn(net, picture, square) {
  const map = cropMap({ x: square.x + square.side / 2, y: square.y + square.side / 2, side: square.side, angle: 0 }, 256);
  const out = await net.run(planes(warp(picture, map, 256), 1 / 127.5, -1), [1, 3, 256, 256]);
  const found = [];
  for (const { cell, each } of [{ cell: 16, each: 2 }, { cell: 32, each: 6 }]) {
    const columns = 256 / cell;
    out[`logits_${cell}`].forEach((logit, i) => {
      if (logit < 1.4) return; // a score of 0.8
      const at = Math.floor(i / each);
      const anchor = [((at % columns) + 0.5) * cell, (Math.floor(at / columns) + 0.5) * cell];
      const v = out[`boxes_${cell}`].subarray(16 * i, 16 * i + 16);
      const point = (k) => apply(map, [anchor[0] + v[k], anchor[1] + v[k + 1]]);
      const [left, right] = [point(4), point(6)];
      const [x, y] = point(0);
      const side = (1.5 * v[2] * square.side) / 256;
      found.push({ logit, x, y, side, angle: Math.atan2(right[1] - left[1], right[0] - left[0]) });
    });
  }
  return found;
}

function best(found) {
  const kept = [];
  for (const face of found.sort((a, b) => b.logit - a.logit))
    if (!kept.some((k) => Math.hypot(k.x - face.x, k.y - face.y) < k.side / 3)) kept.push(face);
  return kept;
}

async function detect(net, picture, wanted) {
  const side = wanted || Math.max(picture.width, picture.height);
  const found = [];
  for (let y = 0; y === 0 || y + side / 2 < picture.height; y += side / 2)
    for (let x = 0; x === 0 || x + side / 2 < picture.width; x += side / 2) found.push(...await detectIn(net, picture, { x, y, side }));
  return best(found);
}

async function fivePoints(net, picture, face) {
  const map = cropMap(face, 192);
  const { landmarks, face_prob: [presence] } = await net.run(planes(warp(picture, map, 192), 1 / 255, 0), [1, 3, 192, 192]);
  const at = (i) => apply(map, [landmarks[3 * i], landmarks[3 * i + 1]]);
  const middle = (ids) => ids.map(at).reduce((sum, p) => [sum[0] + p[0] / ids.length, sum[1] + p[1] / ids.length], [0, 0]);
  return { presence, points: MESH_POINTS.map(middle) };
}

// The similarity that takes the template to the points, by least squares.
function similarity(template, points) {
  const mean = (list) => [0, 1].map((k) => list.reduce((sum, p) => sum + p[k] / list.length, 0));
  const [[mx, my], [px, py]] = [mean(template), mean(points)];
  let [a, b, norm] = [0, 0, 0];
  template.forEach(([tx, ty], i) => {
    const [x, y, u, v] = [tx - mx, ty - my, points[i][0] - px, points[i][1] - py];
    a += x * u + y * v;
    b += x * v - y * u;
    norm += x * x + y * y;
  });
  [a, b] = [a / norm, b / norm];
  return [a, -b, px - a * mx + b * my, b, a, py - b * mx - a * my];
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { models: { type: 'string' }, out: { type: 'string' }, square: { type: 'string', default: '0' } },
  });
  if (!values.models || !values.out || positionals.length === 0) throw new Error('usage: chips.mjs --models DIR --out DIR PICTURE.jpg...');
  const ort = loadRuntime(new URL('../../models/node_modules', import.meta.url).pathname);
  const open = (file) => Net.open(ort, readFileSync(join(values.models, file)));
  const [detector, mesh] = [await open('made/blazeface_256.onnx'), await open('made/facemesh_192.onnx')];
  for (const size of Object.keys(TEMPLATES)) mkdirSync(join(values.out, size), { recursive: true });
  let count = 0;
  for (const path of positionals) {
    const picture = decodeJpeg(readFileSync(path));
    for (const face of await detect(detector, picture, Number(values.square))) {
      const { presence, points } = await fivePoints(mesh, picture, face);
      if (presence < 0.9) continue;
      const name = `${String(count++).padStart(3, '0')}.ppm`;
      for (const [size, template] of Object.entries(TEMPLATES)) {
        const chip = warp(picture, similarity(template, points), Number(size));
        writeFileSync(join(values.out, size, name), Buffer.concat([Buffer.from(`P6\n${size} ${size}\n255\n`), chip]));
      }
    }
    console.log(`${path}: ${count} faces so far`);
  }
}

await main();
