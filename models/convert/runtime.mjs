// ONNX Runtime of the npm package, one thread, as the program uses it.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

export function loadRuntime(nodeModules) {
  return createRequire(join(resolve(nodeModules), 'x.js'))('onnxruntime-node');
}

export class Net {
  static async open(ort, bytes) {
    const net = new Net();
    net.ort = ort;
    net.session = await ort.InferenceSession.create(bytes, {
      intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: 'all', logSeverityLevel: 3,
    });
    return net;
  }

  // → { output: Float32Array }
  async run(data, shape) {
    const out = await this.session.run({ [this.session.inputNames[0]]: new this.ort.Tensor('float32', data, shape) });
    return Object.fromEntries(Object.entries(out).map(([name, { data: values }]) => [name, values]));
  }
}
