// Rewrites keep the numbers; int8 keeps them up to its steps.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encode, f32, i64 } from '../onnx.mjs';
import { quantise } from '../quantise.mjs';
import { prune, splitPrelu, widenChannels } from '../rewrite.mjs';
import { Net, loadRuntime } from '../runtime.mjs';

const ort = loadRuntime(fileURLToPath(new URL('../../node_modules/', import.meta.url)));

// 1 channel → 2 → PReLU → 3 by zeros; literal weights, so that the answer can be found by hand
const small = () => ({
  name: 'small',
  inputs: [{ name: 'x', shape: [1, 1, 1, 2] }],
  outputs: [{ name: 'y', shape: [1, 1, 1, 2] }],
  nodes: [
    { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attrs: { kernel_shape: [1, 1], group: 1 } },
    { op: 'PRelu', inputs: ['c', 'a'], outputs: ['p'], attrs: {} },
    { op: 'Pad', inputs: ['p', 'pads'], outputs: ['q'], attrs: {} },
    { op: 'Conv', inputs: ['q', 'sum'], outputs: ['y'], attrs: { kernel_shape: [1, 1], group: 1 } },
  ],
  tensors: new Map([
    ['w', f32([2, 1, 1, 1], [1, -2])], ['b', f32([2], [0, 1])], ['a', f32([2, 1, 1], [0.5, 0.25])],
    ['pads', i64([0, 0, 0, 0, 0, 1, 0, 0])], ['sum', f32([1, 3, 1, 1], [1, 10, 100])], ['unused', f32([1], [7])],
  ]),
});

async function run(graph, x) {
  const net = await Net.open(ort, encode(graph));
  return [...(await net.run(Float32Array.from(x), [1, 1, 1, x.length])).y];
}

// x = 2: 2, and -3 · 0.25, so 2 - 7.5. x = -4: -4 · 0.5, and 9, so -2 + 90
test('a graph gives what one finds by hand', async () => assert.deepEqual(await run(small(), [2, -4]), [-5.5, 88]));

test('PReLU in two normalisations is the same', async () => {
  const graph = splitPrelu(small());
  assert.ok(!graph.nodes.some(({ op }) => op === 'PRelu'));
  assert.deepEqual(await run(graph, [2, -4]), [-5.5, 88]);
});

test('whole blocks of channels are the same, and the padding is gone', async () => {
  const graph = widenChannels(small());
  assert.deepEqual(graph.nodes.map(({ op }) => op), ['Conv', 'PRelu', 'Conv']);
  assert.deepEqual(graph.tensors.get(graph.nodes[0].inputs[1]).shape, [16, 1, 1, 1]);
  assert.deepEqual(await run(graph, [2, -4]), [-5.5, 88]);
});

test('what no output needs is left out', () => {
  const graph = small();
  graph.nodes.push({ op: 'Relu', inputs: ['c'], outputs: ['nobody'], attrs: {} });
  prune(graph);
  assert.equal(graph.nodes.length, 4);
  assert.ok(!graph.tensors.has('unused'));
});

const clamped = () => ({
  name: 'clamped',
  inputs: [{ name: 'x', shape: [1, 1, 1, 3] }],
  outputs: [{ name: 'y', shape: [1, 1, 1, 3] }],
  nodes: [
    { op: 'Conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attrs: { kernel_shape: [1, 1] } },
    { op: 'Relu', inputs: ['c'], outputs: ['r'], attrs: {} },
    { op: 'Conv', inputs: ['r', 'v'], outputs: ['y'], attrs: { kernel_shape: [1, 1] } },
  ],
  tensors: new Map([['w', f32([2, 1, 1, 1], [1.27, -0.5])], ['b', f32([2], [0.3, 0])], ['v', f32([1, 2, 1, 1], [1, 1])]]),
});
const ranges = { x: [-1, 1.55], r: [0, 2.55] };

test('int8 weights, scales and zero points are these', () => {
  const { tensors, nodes } = quantise(clamped(), { ranges, float: ['y'] });
  assert.ok(!nodes.some(({ op }) => op === 'Relu'));
  assert.deepEqual([...tensors.get('c/filter').data], [127, -127]);
  assert.deepEqual([...tensors.get('c/filter/scale').data], [Math.fround(0.01), Math.fround(0.5 / 127)]);
  assert.deepEqual([...tensors.get('c/offset').data], [3000, 0]); // 0.3 in steps of 0.01 · 0.01
  assert.equal(tensors.get('x/zero').data[0], 100);
  assert.equal(tensors.get('r/zero').data[0], 0);
});

test('int8 clamps where Relu did', async () => {
  const y = await run(quantise(clamped(), { ranges, float: ['y'] }), [1, 0, -1]);
  [1.57, 0.3, 0.5].forEach((wanted, i) => assert.ok(Math.abs(y[i] - wanted) < 0.011, `${y[i]} is not ${wanted}`));
});

test('a value without a range is named', () =>
  assert.throws(() => quantise(clamped(), { ranges: { x: [0, 1] }, float: [] }), /r has no measured range/));
