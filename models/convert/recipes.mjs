// How each file that is made comes to be: from the npm packages (offline pack), or from another model of the same pack.
import { join } from 'node:path';
import { convertDlib } from './dlib.mjs';
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

export function iris(modules) {
  return convertTfjs(human(modules, 'iris.json'), 'iris-64', { Identity: { name: 'points', shape: ['n', 1, 1, 228] } });
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

export const FROM_MODELS = {};
