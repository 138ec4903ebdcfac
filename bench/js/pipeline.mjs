// The offline pack's networks as a JavaScript program runs them: @vladmandic/human finds the faces and their meshes,
// @vladmandic/face-api describes them, both on TensorFlow.js' WebAssembly backend. One process, one thread of pictures.
//
//   node pipeline.mjs [--json] PICTURE.jpg...      (after npm ci --ignore-scripts here and in models/)
//
// Pictures are decoded beforehand, so that jpeg-js does not count against the library; its time is reported apart.
import { readFileSync } from 'node:fs';
import { importBundle } from '../../models/convert/bundle.mjs';
import { decodeJpeg } from './picture.mjs';

const MODULES = new URL('../../models/node_modules/@vladmandic/', import.meta.url);
const WASM = new URL('node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url);
const CHIP = 150;
const HOST = 'http://files.invalid'; // where the libraries believe the files to be
const address = (url) => HOST + url.pathname;

// Both libraries come bundled for browsers: they are told that this is one (a worker, which has no page), and fetch, with
// which they load models and WebAssembly, reads files.
function pretendBrowser() {
  new Response(''); // Node builds its fetch on first use, and looks at its version then
  globalThis.WorkerGlobalScope ??= Object;
  globalThis.self ??= globalThis;
  globalThis.importScripts ??= () => {};
  globalThis.location ??= { href: HOST };
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: undefined } });
  globalThis.fetch = async (request) => {
    const url = String(request.url ?? request);
    if (!url.startsWith(HOST)) throw new Error(`${url} is not a file`);
    const type = { wasm: 'application/wasm', json: 'application/json' }[url.split('.').pop()] ?? 'application/octet-stream';
    return new Response(readFileSync(new URL(url).pathname), { headers: { 'content-type': type } });
  };
}

const oneThread = (tf) => tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

async function openHuman() {
  const { default: Human } = await importBundle(new URL('human/dist/human.esm.js', MODULES));
  const off = { enabled: false };
  const human = new Human({
    backend: 'wasm', wasmPath: address(WASM), modelBasePath: address(new URL('human/models/', MODULES)),
    debug: false, cacheSensitivity: 0, skipAllowed: false, filter: off, gesture: off, body: off, hand: off, object: off, segmentation: off,
    face: {
      enabled: true, detector: { enabled: true, maxDetected: 10, rotation: false, skipFrames: 0, skipTime: 0, minConfidence: 0.5 },
      mesh: { enabled: true }, iris: off, emotion: off, description: off, antispoof: off, liveness: off, attention: off,
    },
  });
  oneThread(human.tf);
  await human.load();
  return human;
}

async function openDescriber() {
  const faceApi = await importBundle(new URL('face-api/dist/face-api.esm.js', MODULES));
  oneThread(faceApi.tf);
  faceApi.tf.setWasmPaths(address(WASM));
  await faceApi.tf.setBackend('wasm');
  await faceApi.tf.ready();
  const folder = new URL('face-api/model/', MODULES);
  const manifest = JSON.parse(readFileSync(new URL('face_recognition_model-weights_manifest.json', folder)));
  const bytes = readFileSync(new URL('face_recognition_model.bin', folder));
  const weights = faceApi.tf.io.decodeWeights(Uint8Array.from(bytes).buffer, manifest[0].weights);
  faceApi.nets.faceRecognitionNet.loadFromWeightMap(weights);
  return faceApi;
}

// Axis-aligned squares, as face-api cuts them.
async function describe({ tf, nets }, picture, faces) {
  const boxes = faces.map(({ box: [x, y, w, h] }) => {
    const [cx, cy, half] = [x + w / 2, y + h / 2, Math.max(w, h) / 2];
    return [(cy - half) / picture.height, (cx - half) / picture.width, (cy + half) / picture.height, (cx + half) / picture.width];
  });
  const chips = tf.tidy(() => tf.image.cropAndResize(
    tf.tensor4d(picture.rgb, [1, picture.height, picture.width, 3], 'float32'), boxes, boxes.map(() => 0), [CHIP, CHIP]));
  const out = tf.tidy(() => nets.faceRecognitionNet.forwardInput({ toBatchTensor: () => chips }));
  const numbers = await out.data();
  chips.dispose();
  out.dispose();
  return numbers;
}

async function look(human, faceApi, picture) {
  const tensor = human.tf.tensor4d(picture.rgb, [1, picture.height, picture.width, 3], 'int32');
  const { face } = await human.detect(tensor);
  tensor.dispose();
  if (face.length > 0) await describe(faceApi, picture, face);
  return face.length;
}

async function main() {
  const json = process.argv.includes('--json');
  const paths = process.argv.slice(2).filter((a) => a !== '--json');
  if (paths.length === 0) throw new Error('usage: pipeline.mjs [--json] PICTURE.jpg...');
  pretendBrowser();
  const [human, faceApi] = [await openHuman(), await openDescriber()];
  const began = performance.now();
  const pictures = paths.map((path) => decodeJpeg(readFileSync(path)));
  const decoded = performance.now();
  for (let i = 0; i < 3; i++) await look(human, faceApi, pictures[0]); // warm-up
  const started = performance.now();
  let faces = 0;
  for (const picture of pictures) faces += await look(human, faceApi, picture);
  const seconds = (performance.now() - started) / 1000;
  const result = {
    engine: 'human+face-api wasm', backend: human.tf.getBackend(), images: pictures.length, faces,
    images_per_s: Number((pictures.length / seconds).toFixed(2)), decode_images_per_s: Number((pictures.length / ((decoded - began) / 1000)).toFixed(2)),
  };
  console.log(json ? JSON.stringify(result) : Object.entries(result).map(([key, value]) => `${key}: ${value}`).join('\n'));
}

await main();
