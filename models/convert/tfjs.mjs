// TFJS graph models and their weights → a graph for ONNX.
//
// TFJS is NHWC. Inside the network everything is turned to NCHW, which is what ONNX Runtime's convolutions want; before a
// Reshape, where the order of the numbers shows, one Transpose turns it back.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { f32, i64, size } from './onnx.mjs';

// Weights as { name: { shape, data } }, data a Float32Array or an Int32Array. manifest: the file's "weightsManifest".
export function readWeights(manifest, folder) {
  const weights = {};
  for (const group of manifest) {
    const bytes = Buffer.concat(group.paths.map((path) => readFileSync(join(folder, path))));
    let at = 0;
    for (const spec of group.weights) {
      const count = size(spec.shape);
      const width = { float32: 4, int32: 4, float16: 2, uint16: 2, uint8: 1 }[spec.quantization?.dtype ?? spec.dtype];
      if (!width) throw new Error(`tfjs: ${spec.name} is stored as ${spec.quantization?.dtype ?? spec.dtype}, which is not read`);
      if (at + count * width > bytes.length) throw new Error(`tfjs: ${group.paths} ends before ${spec.name}`);
      weights[spec.name] = { shape: spec.shape, data: readNumbers(spec, bytes.subarray(at, at + count * width), count) };
      at += count * width;
    }
  }
  return weights;
}

function readNumbers(spec, bytes, count) {
  const { dtype, scale, min } = spec.quantization ?? { dtype: spec.dtype };
  if (dtype === 'int32') return Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE(4 * i));
  const read = {
    float32: (i) => bytes.readFloatLE(4 * i),
    float16: (i) => halfToNumber(bytes.readUInt16LE(2 * i)),
    uint16: (i) => bytes.readUInt16LE(2 * i) * scale + min,
    uint8: (i) => bytes[i] * scale + min,
  }[dtype];
  return Float32Array.from({ length: count }, (_, i) => read(i));
}

function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// shape HWIO (or HWIM of a depthwise convolution) → OIHW (or OMHW), which is the order of ONNX.
export function filterToOnnx({ shape: [h, w, i, o], data }, depthwise) {
  if (depthwise && o !== 1) throw new Error(`tfjs: a depthwise filter with ${o} outputs a channel is not converted`);
  const out = new Float32Array(data.length);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++)
      for (let c = 0; c < i; c++)
        for (let k = 0; k < o; k++) out[((k * i + c) * h + y) * w + x] = data[((y * w + x) * i + c) * o + k];
  return f32(depthwise ? [i, 1, h, w] : [o, i, h, w], out);
}

const attribute = {
  text: (a) => Buffer.from(a.s, 'base64').toString(),
  texts: (a) => (a.list.s ?? []).map((s) => Buffer.from(s, 'base64').toString()),
  ints: (a) => a.list.i.map(Number),
};

class Converter {
  graph = { name: '', inputs: [], outputs: [], nodes: [], tensors: new Map() };

  constructor(weights) {
    this.weights = weights;
    this.alias = new Map(); // Identity: another name of a value
  }

  name(input) {
    const plain = input.replace(/:0$/, '');
    return this.alias.get(plain) ?? plain;
  }

  add(op, inputs, output, attrs = {}) {
    this.graph.nodes.push({ op, inputs, outputs: [output], attrs });
  }

  tensor(name, tensor) {
    this.graph.tensors.set(name, tensor);
    return name;
  }

  window(node) {
    const strides = attribute.ints(node.attr.strides).slice(1, 3);
    const padding = attribute.text(node.attr.padding);
    if (!['SAME', 'VALID'].includes(padding)) throw new Error(`tfjs: ${node.name}: padding ${padding} is not converted`);
    return { strides, auto_pad: padding === 'SAME' ? 'SAME_UPPER' : 'VALID' };
  }

  convolution(node, depthwise) {
    const [x, filter, bias, slope] = node.input.map((input) => this.name(input));
    const weights = filterToOnnx(this.weights[filter], depthwise);
    const inputs = [x, this.tensor(`${node.name}/weights`, weights)];
    if (bias) inputs.push(this.tensor(`${node.name}/bias`, f32(this.weights[bias].shape, this.weights[bias].data)));
    const after = node.attr.fused_ops ? attribute.texts(node.attr.fused_ops).filter((op) => op !== 'BiasAdd') : [];
    const output = after.length ? `${node.name}/sum` : node.name;
    const group = depthwise ? weights.shape[0] : 1;
    this.add('Conv', inputs, output, { ...this.window(node), group, kernel_shape: weights.shape.slice(2) });
    if (after.length === 0) return;
    if (after[0] === 'Relu') this.add('Relu', [output], node.name);
    else if (after[0] === 'Prelu') this.prelu(output, slope, node.name);
    else throw new Error(`tfjs: ${node.name}: a convolution fused with ${after} is not converted`);
  }

  prelu(x, slope, output) {
    const { data } = this.weights[slope];
    this.add('PRelu', [x, this.tensor(`${output}/slope`, f32([data.length, 1, 1], data))], output);
  }

  pad(node) {
    const amounts = [...this.weights[this.name(node.input[1])].data];
    if (amounts.slice(0, 7).some((v) => v !== 0)) throw new Error(`tfjs: ${node.name}: only padding after the channels is converted`);
    this.add('Pad', [this.name(node.input[0]), this.tensor(`${node.name}/pads`, i64([0, 0, 0, 0, 0, amounts[7], 0, 0]))], node.name);
  }

  // The first dimension stays free: the shape in the file may say 1 for it.
  reshape(node) {
    const shape = [...this.weights[this.name(node.input[1])].data];
    const [x] = node.input.map((input) => this.name(input));
    this.add('Transpose', [x], `${node.name}/nhwc`, { perm: [0, 2, 3, 1] });
    this.add('Reshape', [`${node.name}/nhwc`, this.tensor(`${node.name}/shape`, i64([0, ...shape.slice(1)]))], node.name);
  }

  concat(node) {
    const inputs = node.input.map((input) => this.name(input));
    const axis = this.weights[inputs.pop()].data[0];
    if (axis !== 3) throw new Error(`tfjs: ${node.name}: only joining of channels is converted`);
    this.add('Concat', inputs, node.name, { axis: 1 });
  }

  node(node) {
    const one = (op) => this.add(op, node.input.map((input) => this.name(input)), node.name);
    const steps = {
      Const: () => {},
      Placeholder: () => {
        const [, h, w, c] = node.attr.shape.shape.dim.map((d) => Number(d.size));
        this.graph.inputs.push({ name: node.name, shape: ['n', c, h, w] });
      },
      _FusedConv2D: () => this.convolution(node, false),
      DepthwiseConv2dNative: () => this.convolution(node, true),
      AddV2: () => one('Add'),
      Relu: () => one('Relu'),
      Sigmoid: () => one('Sigmoid'),
      Prelu: () => this.prelu(this.name(node.input[0]), this.name(node.input[1]), node.name),
      MaxPool: () => this.add('MaxPool', [this.name(node.input[0])], node.name,
        { ...this.window(node), kernel_shape: attribute.ints(node.attr.ksize).slice(1, 3) }),
      Pad: () => this.pad(node),
      Reshape: () => this.reshape(node),
      ConcatV2: () => this.concat(node),
      Identity: () => this.alias.set(node.name, this.name(node.input[0])),
    };
    if (!steps[node.op]) throw new Error(`tfjs: ${node.name}: operator ${node.op} is not converted`);
    steps[node.op]();
  }
}

// A file's nodes may stand in any order.
function sorted(nodes) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set();
  const out = [];
  const visit = (node) => {
    if (done.has(node.name)) return;
    done.add(node.name);
    (node.input ?? []).forEach((input) => visit(byName.get(input.replace(/:0$/, ''))));
    out.push(node);
  };
  nodes.forEach(visit);
  return out;
}

// outputs: { name in the file: { name, shape } in ONNX }; what no output needs is left out.
export function convertTfjs(path, name, outputs) {
  const model = JSON.parse(readFileSync(path, 'utf8'));
  const converter = new Converter(readWeights(model.weightsManifest, dirname(path)));
  sorted(model.modelTopology.node).forEach((node) => converter.node(node));
  const { graph } = converter;
  graph.name = name;
  rename(graph, graph.inputs[0], 'input');
  for (const [inFile, { name: wanted, shape }] of Object.entries(outputs)) {
    const output = { name: converter.name(inFile), shape };
    rename(graph, output, wanted);
    graph.outputs.push(output);
  }
  return graph;
}

function rename(graph, value, wanted) {
  const swap = (n) => (n === value.name ? wanted : n);
  for (const node of graph.nodes) {
    node.inputs = node.inputs.map(swap);
    node.outputs = node.outputs.map(swap);
  }
  value.name = wanted;
}
