// Static int8: a deterministic function of an fp32 graph and the measured ranges of its values.
//
// Every value becomes u8 with one scale and zero point, every filter s8 with a scale for each output channel (QDQ form:
// QuantizeLinear and DequantizeLinear around float operators, which ONNX Runtime fuses to integer ones). Relu and Clip are
// dropped: a range that begins at 0 and ends at the bound clamps in the same way.
import { prune } from './rewrite.mjs';

const QUANTISED = new Set(['Conv', 'Add', 'MaxPool', 'AveragePool', 'Relu', 'Clip']);
const CLAMPS = new Set(['Relu', 'Clip']);

// The nodes that become integer ones, as a set. float: outputs of convolutions that stay in float, and what clamps them.
function integerNodes(graph, float) {
  const stays = new Set(float);
  for (const node of graph.nodes) if (CLAMPS.has(node.op) && stays.has(node.inputs[0])) stays.add(node.outputs[0]);
  return new Set(graph.nodes.filter((node) => QUANTISED.has(node.op) && !stays.has(node.outputs[0])));
}

// The values that become u8: [{ name, like }], like = the value whose range it shares, or null.
export function quantisedValues(graph, float) {
  const integer = integerNodes(graph, float);
  const users = (name) => graph.nodes.filter(({ inputs }) => inputs.includes(name));
  const clamped = (name) => users(name).length === 1 && CLAMPS.has(users(name)[0].op);
  const used = (name) => users(name).some((node) => integer.has(node));
  const values = graph.inputs.filter(({ name }) => used(name)).map(({ name }) => ({ name, like: null }));
  for (const node of graph.nodes) {
    const [name] = node.outputs;
    if (clamped(name) || !(integer.has(node) || used(name))) continue;
    values.push({ name, like: integer.has(node) && node.op === 'MaxPool' ? node.inputs[0] : null });
  }
  return values;
}

// Zero must be exact: convolutions pad with it.
function activationScale([low, high]) {
  const [bottom, top] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = Math.fround(Math.max(top - bottom, 1e-6) / 255);
  return { scale, zero: Math.min(255, Math.max(0, Math.round(-bottom / scale))) };
}

class Quantiser {
  nodes = [];
  done = new Map(); // value: { scale, zero }

  constructor(graph, ranges, float) {
    this.graph = graph;
    this.ranges = ranges;
    this.integer = integerNodes(graph, float);
    this.rounded = new Set([...this.integer].map((node) => node.outputs[0])); // what comes out of an integer node
    this.values = new Map(quantisedValues(graph, float).map((value) => [value.name, value]));
  }

  constant(name, type, shape, array) {
    this.graph.tensors.set(name, { type, shape, data: array });
    return name;
  }

  quantise(name) {
    const { like } = this.values.get(name);
    if (!like && !this.ranges[name]) throw new Error(`quantise: ${name} has no measured range: calibrate the model again`);
    const how = like && this.done.has(like) ? this.done.get(like) : activationScale(this.ranges[name]);
    this.done.set(name, how);
    const with_ = [this.constant(`${name}/scale`, 'f32', [], Float32Array.of(how.scale)),
      this.constant(`${name}/zero`, 'u8', [], Uint8Array.of(how.zero))];
    this.nodes.push({ op: 'QuantizeLinear', inputs: [name, ...with_], outputs: [`${name}/u8`], attrs: {} });
    this.nodes.push({ op: 'DequantizeLinear', inputs: [`${name}/u8`, ...with_], outputs: [`${name}/back`], attrs: {} });
  }

  back(name) {
    return this.done.has(name) ? `${name}/back` : name;
  }

  // What a float node takes: the value before it was rounded, where a float node made it.
  exact(name) {
    return this.rounded.has(name) ? this.back(name) : name;
  }

  // Filter and bias as integers. The bias has the scale of the sums: input times filter.
  filter(node) {
    const [y] = node.outputs;
    const { shape, data } = this.graph.tensors.get(node.inputs[1]);
    const [outputs] = shape;
    const each = data.length / outputs;
    const scales = Float32Array.from({ length: outputs }, (_, k) =>
      Math.max(...data.subarray(k * each, (k + 1) * each).map(Math.abs), 1e-12) / 127);
    const integers = Int8Array.from(data, (w, i) => Math.max(-127, Math.min(127, Math.round(w / scales[Math.floor(i / each)]))));
    const inputs = [this.perChannel(`${y}/filter`, 's8', shape, integers, scales)];
    if (node.inputs[2]) inputs.push(this.bias(node, scales));
    return inputs;
  }

  bias(node, scales) {
    const { scale } = this.done.get(node.inputs[0]);
    const sums = scales.map((s) => s * scale);
    const integers = Int32Array.from(this.graph.tensors.get(node.inputs[2]).data, (b, k) => Math.round(b / sums[k]));
    return this.perChannel(`${node.outputs[0]}/offset`, 's32', [sums.length], integers, sums);
  }

  perChannel(name, type, shape, integers, scales) {
    const zeros = type === 's8' ? new Int8Array(scales.length) : new Int32Array(scales.length);
    const inputs = [this.constant(name, type, shape, integers), this.constant(`${name}/scale`, 'f32', [scales.length], scales),
      this.constant(`${name}/zero`, type, [scales.length], zeros)];
    this.nodes.push({ op: 'DequantizeLinear', inputs, outputs: [`${name}/back`], attrs: { axis: 0 } });
    return `${name}/back`;
  }

  node(node) {
    const [y] = node.outputs;
    const inputs = node.inputs.map((name) => this.back(name));
    if (!this.integer.has(node)) this.nodes.push({ ...node, inputs: node.inputs.map((name) => this.exact(name)) });
    else if (CLAMPS.has(node.op) && !this.done.has(node.inputs[0])) this.dropClamp(node);
    else this.nodes.push({ ...node, inputs: node.op === 'Conv' ? [inputs[0], ...this.filter(node)] : inputs });
    if (this.values.has(y)) this.quantise(y);
  }

  dropClamp(node) {
    const [y] = node.outputs;
    const high = node.inputs[2] ? this.graph.tensors.get(node.inputs[2]).data[0] : Infinity;
    if (this.ranges[y] && (this.ranges[y][0] !== 0 || this.ranges[y][1] > high))
      throw new Error(`quantise: the range of ${y} goes beyond its bounds`);
    this.nodes.at(-1).outputs = [y];
  }

  run() {
    for (const { name } of this.graph.inputs) if (this.values.has(name)) this.quantise(name);
    for (const node of this.graph.nodes) this.node(node);
    return prune({ ...this.graph, nodes: this.nodes });
  }
}

export function quantise(graph, { ranges, float }) {
  return new Quantiser({ ...graph, tensors: new Map(graph.tensors) }, ranges, float).run();
}
