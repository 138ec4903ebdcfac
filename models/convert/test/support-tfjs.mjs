// face-api of the npm package and the TensorFlow.js inside it, on its plain CPU backend. The bundle is one for browsers, and
// has to believe that it runs in one (a worker, which has no page).
import { importBundle } from '../bundle.mjs';

globalThis.WorkerGlobalScope ??= Object;

export const MODULES = new URL('../../node_modules/', import.meta.url);

export async function loadFaceApi() {
  const faceApi = await importBundle(new URL('@vladmandic/face-api/dist/face-api.esm.js', MODULES));
  await faceApi.tf.setBackend('cpu');
  await faceApi.tf.ready();
  return faceApi;
}
