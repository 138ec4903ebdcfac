import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, f32, i64 } from '../onnx.mjs';
import { Writer, fields, toInt, toInts } from '../protobuf.mjs';

test('numbers are written as protobuf has them', () => {
  assert.equal(new Writer().int(1, 300).finish().toString('hex'), '08ac02');
  assert.equal(new Writer().int(2, -1).finish().toString('hex'), '10ffffffffffffffffff01');
  assert.equal(new Writer().string(3, 'ab').float(4, 1).finish().toString('hex'), '1a026162250000803f');
  assert.equal(new Writer().ints(5, [1, 300]).finish().toString('hex'), '2a0301ac02');
});

test('numbers are read back', () => {
  const [one, two] = fields(Buffer.from('10ffffffffffffffffff01' + '2a0301ac02', 'hex'));
  assert.equal(toInt(one.value), -1);
  assert.deepEqual(toInts(two.value), [1, 300]);
});

test('what is cut off or unknown is refused', () => {
  assert.throws(() => [...fields(Buffer.from('08ac', 'hex'))], /cut off at byte 2/);
  assert.throws(() => [...fields(Buffer.from('1a0561', 'hex'))], /field 3 is cut off/);
  assert.throws(() => [...fields(Buffer.from('0b', 'hex'))], /unknown kind 3/);
  assert.throws(() => [...fields(Buffer.from('08ffffffffffffffffffffff', 'hex'))], /more than ten bytes/);
  assert.throws(() => decode(Buffer.from('0808', 'hex')), /holds no graph/);
});

test('a graph survives its file', () => {
  const graph = {
    name: 'g',
    opset: 13,
    inputs: [{ name: 'x', shape: ['n', 3, 4, 4] }],
    outputs: [{ name: 'y', shape: ['n', 48] }],
    nodes: [
      { op: 'BatchNormalization', inputs: ['x', 's', 's', 's', 's'], outputs: ['b'], attrs: { epsilon: { float: 0.5 } } },
      { op: 'Reshape', inputs: ['b', 'shape'], outputs: ['y'], attrs: { allowzero: 0, list: [1, -2], text: 'SAME_UPPER' } },
    ],
    tensors: new Map([['s', f32([3], [1, -2.5, 3])], ['shape', i64([0, -1])]]),
  };
  assert.deepEqual(decode(encode(graph)), graph);
});

test('a tensor of the wrong size is not written', () => {
  const graph = { name: 'g', inputs: [], outputs: [], nodes: [], tensors: new Map([['t', f32([2, 2], [1, 2, 3])]]) };
  assert.throws(() => encode(graph), /t has 3 numbers for a shape of 2,2/);
});
