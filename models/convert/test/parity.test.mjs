// What the converter makes gives the numbers of TensorFlow.js on the same input.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encode } from '../onnx.mjs';
import { FROM_PACKAGES } from '../recipes.mjs';
import { Net, loadRuntime } from '../runtime.mjs';
import { convertTfjs } from '../tfjs.mjs';
import { MODULES, loadFaceApi } from './support-tfjs.mjs';

const TOLERANCE = 3e-6; // of the largest number of an output; two ways of summing some hundreds of products in f32
const modules = fileURLToPath(MODULES);
const ort = loadRuntime(modules);
const faceApi = await loadFaceApi();
const { tf } = faceApi;

// Waves that no symmetry of a network hides.
const waves = (count, low, high) =>
  Float32Array.from({ length: count }, (_, i) => low + ((high - low) * (1 + Math.sin(i * 0.37) * Math.cos(i * 0.011))) / 2);

function toPlanes(nhwc, side) {
  const area = side * side;
  return Float32Array.from({ length: 3 * area }, (_, i) => nhwc[(i % area) * 3 + Math.floor(i / area)]);
}

function assertClose(name, made, wanted) {
  assert.equal(made.length, wanted.length, `${name}: number of values`);
  let [difference, largest] = [0, 0];
  wanted.forEach((v, i) => {
    difference = Math.max(difference, Math.abs(v - made[i]));
    largest = Math.max(largest, Math.abs(v));
  });
  assert.ok(largest > 0, `${name}: all zeros`);
  assert.ok(difference / largest < TOLERANCE, `${name}: differs by ${(difference / largest).toExponential(2)}`);
}

async function loadGraph(file) {
  const folder = new URL('@vladmandic/human/models/', MODULES);
  const model = JSON.parse(readFileSync(new URL(file, folder)));
  const weightData = Uint8Array.from(readFileSync(new URL(model.weightsManifest[0].paths[0], folder))).buffer;
  return tf.loadGraphModel({
    load: async () => ({ modelTopology: model.modelTopology, signature: model.signature, weightSpecs: model.weightsManifest[0].weights, weightData }),
  });
}

async function compareGraph(file, graph, { side, low, high, outputs }) {
  const x = waves(3 * side * side, low, high);
  const net = await Net.open(ort, encode(graph));
  const made = await net.run(toPlanes(x, side), [1, 3, side, side]);
  const model = await loadGraph(file);
  for (const [inFile, name] of Object.entries(outputs))
    assertClose(`${file} ${name}`, made[name], await model.execute(tf.tensor(x, [1, side, side, 3]), inFile).data());
}

test('blazeface', () => compareGraph('blazeface.json', FROM_PACKAGES['made/blazeface_256.onnx'](modules), {
  side: 256, low: -1, high: 1,
  outputs: { Identity: 'logits_16', Identity_2: 'boxes_16', Identity_1: 'logits_32', Identity_3: 'boxes_32' },
}));

test('face mesh', () => compareGraph('facemesh.json', FROM_PACKAGES['made/facemesh_192.onnx'](modules), {
  side: 192, low: 0, high: 1, outputs: { Identity_2: 'landmarks' },
}));

test('iris, a graph with joined channels', () => {
  const path = fileURLToPath(new URL('@vladmandic/human/models/iris.json', MODULES));
  const graph = convertTfjs(path, 'iris', { Identity: { name: 'points', shape: ['n', 228, 1, 1] } });
  return compareGraph('iris.json', graph, { side: 64, low: 0, high: 1, outputs: { Identity: 'points' } });
});

test('dlib, against face-api itself', async () => {
  const folder = new URL('@vladmandic/face-api/model/', MODULES);
  const [{ weights }] = JSON.parse(readFileSync(new URL('face_recognition_model-weights_manifest.json', folder)));
  const bytes = Uint8Array.from(readFileSync(new URL('face_recognition_model.bin', folder)));
  faceApi.nets.faceRecognitionNet.loadFromWeightMap(tf.io.decodeWeights(bytes.buffer, weights));
  const x = waves(3 * 150 * 150, 0, 255);
  const wanted = await faceApi.nets.faceRecognitionNet.forwardInput({ toBatchTensor: () => tf.tensor(x, [1, 150, 150, 3]) }).data();
  const net = await Net.open(ort, encode(FROM_PACKAGES['made/dlib_resnet_150.onnx'](modules)));
  assertClose('dlib', (await net.run(toPlanes(x, 150), [1, 3, 150, 150])).descriptor, wanted);
});

test('a batch gives each picture what it gets alone', async () => {
  const net = await Net.open(ort, encode(FROM_PACKAGES['made/facemesh_192.onnx'](modules)));
  const one = toPlanes(waves(3 * 192 * 192, 0, 1), 192);
  const two = new Float32Array(2 * one.length);
  two.set(one, one.length);
  const [alone, both] = [await net.run(one, [1, 3, 192, 192]), await net.run(two, [2, 3, 192, 192])];
  assertClose('second of two', both.landmarks.subarray(1404), alone.landmarks);
});
