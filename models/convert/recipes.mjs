// How each file that is made comes to be: from the npm packages (offline pack), or from another model of the same pack.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertDlib } from './dlib.mjs';
import { decode } from './onnx.mjs';
import { quantise } from './quantise.mjs';
import { prune, splitPrelu, widenChannels } from './rewrite.mjs';
import { convertTfjs } from './tfjs.mjs';

const human = (modules, file) => join(modules, '@vladmandic/human/models', file);
const faceApi = (modules, file) => join(modules, '@vladmandic/face-api/model', file);

export function blazeface(modules) {
  return convertTfjs(human(modules, 'blazeface.json'), 'blazeface-256', {
    Identity: { name: 'logits_16', shape: ['n', 512, 1] },
    Identity_2: { name: 'boxes_16', shape: ['n', 512, 16] },
    Identity_1: { name: 'logits_32', shape: ['n', 384, 1] },
    Identity_3: { name: 'boxes_32', shape: ['n', 384, 16] },
  });
}

export function facemesh(modules) {
  return convertTfjs(human(modules, 'facemesh.json'), 'facemesh-192', {
    Identity_2: { name: 'landmarks', shape: ['n', 1404] },
    Identity_1: { name: 'face_prob', shape: ['n', 1] },
  });
}

export function dlib(modules) {
  return convertDlib(faceApi(modules, 'face_recognition_model-weights_manifest.json'));
}

const faster = (graph) => splitPrelu(widenChannels(prune(graph)));

// file in the manifest: a function of the folder of npm packages → graph
export const FROM_PACKAGES = {
  'made/blazeface_256.onnx': (modules) => faster(blazeface(modules)),
  'made/facemesh_192.onnx': (modules) => faster(facemesh(modules)),
  'made/dlib_resnet_150.onnx': (modules) => faster(dlib(modules)),
};


// Few channels (the beginning) or few pixels (the end): no time to gain there, and it is where rounding hurts the most.
// All in int8 differs from fp32 by 0.098 of the descriptor's length, without these by 0.055.
const MOBILEFACENET_FLOAT = [
  '/conv1/conv1.0/Conv_output_0', '/dw_conv/depthwise/Conv_output_0', '/conv2/conv2.0/Conv_output_0',
  '/gdconv/depthwise/Conv_output_0', '/conv3/Conv_output_0',
];

// The int8 files: pack and source in it, the network's input as (x - mean) * scale of RGB 0..255, and the nodes (by output)
// that stay in float.
export const INT8 = {
  'made/dlib_resnet_150.int8.onnx': {
    pack: 'offline',
    source: 'made/dlib_resnet_150.onnx',
    input: { mean: [0, 0, 0], scale: [1, 1, 1] },
    float: [],
    graph: decode,
  },
  'made/mobilefacenet_128.int8.onnx': {
    pack: 'standard',
    source: 'embed/foamliu_MobileFaceNet_128.onnx',
    input: { mean: [0.485, 0.456, 0.406].map((v) => v * 255), scale: [0.229, 0.224, 0.225].map((v) => 1 / (v * 255)) },
    float: MOBILEFACENET_FLOAT,
    graph: decode,
  },
};

const RANGES = new URL('../ranges/', import.meta.url);

function int8({ source, float, graph }, file) {
  const make = (bytes) => {
    const path = new URL(file.replace('made/', '').replace('.int8.onnx', '.json'), RANGES);
    return quantise(graph(bytes), { float, ranges: JSON.parse(readFileSync(path, 'utf8')).ranges });
  };
  return { source, make };
}

// Published networks, the same numbers in a form that runs faster (face mesh: 1.4 → 0.9 ms).
const REWRITTEN = {
  'made/facemesh_468.onnx': { source: 'landmarks/facemesh_468.onnx', make: (bytes) => splitPrelu(decode(bytes)) },
};

// file in the manifest: { source: file of the same pack, make: its bytes → graph }
export const FROM_MODELS = {
  ...REWRITTEN,
  ...Object.fromEntries(Object.entries(INT8).map(([file, recipe]) => [file, int8(recipe, file)])),
};
