// Measures the ranges of a network's values on aligned faces, for int8.
//
//   node convert/calibrate.mjs FILE CHIPS_DIR [--out build/models] [--from node_modules]
//
// FILE is the int8 file of a manifest, as in made/dlib_resnet_150.int8.onnx; its fp32 source must be there. CHIPS_DIR holds
// PPM chips of the network's size (bench/js/chips.mjs makes them). The result goes to ranges/, and then "make.mjs --record".
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encode } from './onnx.mjs';
import { quantisedValues } from './quantise.mjs';
import { INT8 } from './recipes.mjs';
import { Net, loadRuntime } from './runtime.mjs';

const HOME = resolve(dirname(fileURLToPath(import.meta.url)), '..');

// → the planes of a network's input
export function readChip(path, { mean, scale }) {
  const bytes = readFileSync(path);
  const head = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.subarray(0, 64).toString('latin1'));
  if (!head) throw new Error(`${path} is not a PPM picture of 8 bits`);
  const rgb = bytes.subarray(head[0].length);
  const area = Number(head[1]) * Number(head[2]);
  const data = Float32Array.from({ length: 3 * area }, (_, i) => {
    const plane = Math.floor(i / area);
    return (rgb[(i % area) * 3 + plane] - mean[plane]) * scale[plane];
  });
  return { data, shape: [1, 3, Number(head[2]), Number(head[1])] };
}

const STEPS = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4];

class Range {
  low = Infinity;
  high = -Infinity;
  errors = STEPS.map(() => 0);

  widen(numbers) {
    for (const v of numbers) {
      if (v < this.low) this.low = v;
      if (v > this.high) this.high = v;
    }
  }

  // Adds the squared error that rounding to 255 steps of the narrowed range makes.
  weigh(numbers) {
    STEPS.forEach((part, i) => {
      const [low, high] = this.narrowed(part);
      const step = Math.max(high - low, 1e-9) / 255;
      let sum = 0;
      for (const v of numbers) {
        const inside = v < low ? low : v > high ? high : v;
        const error = Math.floor((inside - low) / step + 0.5) * step + low - v;
        sum += error * error;
      }
      this.errors[i] += sum;
    });
  }

  narrowed(part) {
    return [Math.min(this.low, 0) * part, Math.max(this.high, 0) * part];
  }

  best() {
    return this.narrowed(STEPS[this.errors.indexOf(Math.min(...this.errors))]);
  }
}

// The range of each value with the least squared error over all chips: between clamping rare extremes and coarse steps.
// The input's range is known from its definition.
export async function measure(ort, graph, { input, float }, chips) {
  const values = quantisedValues(graph, float).filter(({ like }) => !like).map(({ name }) => name);
  const inner = values.filter((name) => !graph.inputs.some((value) => value.name === name));
  const watched = { ...graph, outputs: inner.map((name) => ({ name, shape: ['a', 'b', 'c', 'd'] })) };
  const net = await Net.open(ort, encode(watched));
  const ranges = Object.fromEntries(inner.map((name) => [name, new Range()]));
  for (const step of ['widen', 'weigh'])
    for (const chip of chips) {
      const { data, shape } = readChip(chip, input);
      for (const [name, numbers] of Object.entries(await net.run(data, shape))) ranges[name][step](numbers);
    }
  const ends = [0, 255].flatMap((v) => input.mean.map((m, k) => (v - m) * input.scale[k]));
  const measured = Object.entries(ranges).map(([name, range]) => [name, range.best()]);
  return { [graph.inputs[0].name]: [Math.min(...ends), Math.max(...ends)], ...Object.fromEntries(measured) };
}

const rounded = (v) => Number(v.toPrecision(6));

async function main() {
  const { values, positionals: [file, folder] } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(HOME, '../build/models') },
      from: { type: 'string', default: join(HOME, 'node_modules') },
    },
  });
  const recipe = INT8[file];
  if (!recipe || !folder) throw new Error(`usage: calibrate.mjs FILE CHIPS_DIR; FILE is one of ${Object.keys(INT8).join(', ')}`);
  const chips = readdirSync(folder).filter((name) => name.endsWith('.ppm')).sort().map((name) => join(folder, name));
  const graph = recipe.graph(readFileSync(join(values.out, recipe.pack, recipe.source)));
  const ranges = await measure(loadRuntime(values.from), graph, recipe, chips);
  const lines = Object.entries(ranges).map(([name, range]) => `    ${JSON.stringify(name)}: ${JSON.stringify(range.map(rounded))}`);
  const path = join(HOME, 'ranges', `${basename(file, '.int8.onnx')}.json`);
  writeFileSync(path, `{\n  "file": ${JSON.stringify(recipe.source)},\n  "chips": ${chips.length},\n  "ranges": {\n${lines.join(',\n')}\n  }\n}\n`);
  console.log(`${path}: ${lines.length} values over ${chips.length} chips`);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main().catch((error) => {
    console.error(`calibrate: ${error.message}`);
    process.exitCode = 3;
  });
